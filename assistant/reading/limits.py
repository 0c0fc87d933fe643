"""How much one file may take. Knows nothing of formats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost; a file that needs more is refused with a reason."""

    max_bytes: int = 200_000_000
    memory_bytes: int = 2 * 1024**3  # address space of the worker, its interpreter and libraries included
    cpu_s: int = 120  # ten thousand dense pages take 50
    wall_s: float = 400.0  # longer than `cpu_s`, because a busy machine gives a file only a share of its time
