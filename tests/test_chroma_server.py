"""The same code on a Chroma server: a real one, started for these tests on a free port of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpora import TOWN, Make, answers, indexed, write

from assistant.errors import IndexUnusable, SettingsError


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def started(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A Chroma server that answers."""
    command = [Path(sys.executable).with_name("chroma"), "run", "--path", folder, "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            assert server.poll() is None, "the Chroma server did not start"
            time.sleep(0.05)
    server.kill()
    raise AssertionError("the Chroma server does not answer")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    process = started(tmp_path_factory.mktemp("chroma"), port)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_answers_are_those_of_the_embedded_index(
    make: Make, corpus: Path, index: Path, tmp_path: Path, server: str
) -> None:
    write(corpus, TOWN)
    remote, local = make(chroma_url=server), make(index_dir=tmp_path / "local")
    assert remote.sync().embedded == local.sync().embedded
    assert answers(remote) == answers(local)
    assert indexed(remote) == indexed(local)
    assert not (index / "chroma").exists()
    for assistant in (remote, local):
        assistant.remove("lighthouse.md")
    assert answers(remote) == answers(local)
    assert indexed(remote) == indexed(local)


def test_two_processes_share_a_server_with_an_index_folder_each(
    make: Make, corpus: Path, tmp_path: Path, server: str
) -> None:
    write(corpus, TOWN)
    one = make(chroma_url=server, chroma_collection="shared")
    two = make(chroma_url=server, chroma_collection="shared", index_dir=tmp_path / "two")
    one.sync()
    two.sync()
    assert answers(one) == answers(two)
    assert one.check() == two.check() == ()


def test_a_collection_that_the_server_lost_is_rebuilt(make: Make, corpus: Path, server: str) -> None:
    write(corpus, TOWN)
    with make(chroma_url=server, chroma_collection="lost") as assistant:
        assistant.sync()
        said = answers(assistant)
        assistant._engine.stores.index.erase()
    with make(chroma_url=server, chroma_collection="lost") as assistant:
        report = assistant.sync()
        assert (len(report.notes), report.embedded) == (1, 0)
        assert answers(assistant) == said


def test_a_server_that_goes_away_is_one_sentence_and_works_when_it_is_back(
    make: Make, corpus: Path, tmp_path: Path
) -> None:
    write(corpus, TOWN)
    port = free_port()
    process = started(tmp_path / "chroma", port)
    assistant = make(chroma_url=f"http://127.0.0.1:{port}")
    try:
        assistant.sync()
        said = answers(assistant)
        process.kill()
        process.wait()
        with pytest.raises(IndexUnusable, match=rf"http://127\.0\.0\.1:{port}") as caught:
            assistant.ask("How long is the bridge?")
        assert "\n" not in str(caught.value)
        process = started(tmp_path / "chroma", port)
        assert answers(assistant) == said
    finally:
        process.kill()
        process.wait()


def test_a_server_that_is_not_there_is_one_sentence_that_names_the_url(make: Make, corpus: Path) -> None:
    write(corpus, TOWN)
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(IndexUnusable, match=f"No Chroma server answers at {url}.*chroma run") as caught:
        make(chroma_url=url).sync()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://127.0.0.1", "http://", "nonsense"])
def test_an_address_that_is_none_is_an_error_of_the_settings(make: Make, corpus: Path, url: str) -> None:
    write(corpus, TOWN)
    with pytest.raises(SettingsError, match="ASSISTANT_CHROMA_URL"):
        make(chroma_url=url).sync()
