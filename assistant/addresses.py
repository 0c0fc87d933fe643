"""What is a URL, and which network addresses are public: what keeps a URL out of private networks.

Pure: it resolves no name and opens no connection.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# The registries of special-purpose addresses (RFC 6890, as IANA keeps them). Listed here, because
# `ipaddress.is_global` differs between patch releases of Python: 3.11.7 calls 192.0.0.192 global.
_SPECIAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, but a cloud's own agent for the machines in it
        "169.254.0.0/16",  # link-local, and most clouds' metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, and a cloud's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")  # all that is assigned for public use; the rest is refused
_SPECIAL_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, among them Teredo, which carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how a network without IPv4 reaches it


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://|(?:https?|file):", re.IGNORECASE)


def is_url(given: object) -> bool:
    """Whether this is text that is meant as a URL, of any scheme, and not as a path."""
    return isinstance(given, str) and _SCHEME.match(given) is not None


def is_public(address: str) -> bool:
    """Whether an address leads to the public network; one that carries an IPv4 address is judged by that.

    Raises ValueError if it is not an address in the usual notation.
    """
    found = _carried(ip_address(address))
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _SPECIAL_V4)
    return found in _UNICAST_V6 and not any(found in network for network in _SPECIAL_V6)


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
