"""One worker reads all files; whatever happens to it concerns one file only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant.reading
from assistant.errors import UnreadableFile
from assistant.reading import Limits, Reader

SLOW = "[a](b) *c* `d` <e> " * 200_000  # takes a worker many seconds


def children() -> list[int]:
    """The processes that this one has started and not yet waited for."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for listed in found for pid in listed.read_text().split()]


@contextlib.contextmanager
def new_worker(limits: Limits | None = None) -> Iterator[tuple[Reader, int]]:
    """A reader whose worker has started, and the worker's process id."""
    before = set(children())
    with Reader(limits) as reader, tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(b"Words.")
        file.flush()
        reader.read(Path(file.name))
        (pid,) = set(children()) - before
        yield reader, pid


def test_the_digest_is_that_of_the_bytes(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n")
    assert reader.read(path).sha256 == hashlib.sha256(b"\xef\xbb\xbfone\r\n").hexdigest()


@pytest.mark.parametrize(
    "name",
    ["with space.txt", "quote\"'`.txt", "🚢.txt", "x" * 251 + ".txt", "new\nline.txt", "--help", "a.tar.MD"],
)
def test_any_file_name_works(reader: Reader, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Words.")
    assert reader.read(tmp_path / name).content.text == "Words."


def test_a_name_that_is_not_utf8_works(reader: Reader, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text("Words.")
    assert reader.read(path).content.text == "Words."


def test_a_relative_path_works_after_changing_folders(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    monkeypatch.chdir(tmp_path)
    assert reader.read(Path("a.txt")).content.text == "Words."


def test_a_vanished_file_is_said_to_be_gone(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no longer there"):
        reader.read(tmp_path / "gone.txt")


def test_what_is_no_file_is_refused_without_hanging(reader: Reader, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        reasons = {"pipe": "named pipe", "socket": "socket", ".": "folder", "/dev/zero": "device"}
        for name, reason in reasons.items():
            with pytest.raises(UnreadableFile, match=reason):
                reader.read(tmp_path / name)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 1001)
    with Reader(Limits(max_bytes=1000)) as reader, pytest.raises(UnreadableFile, match="one file may have"):
        reader.read(tmp_path / "a.txt")


def test_a_file_that_needs_too_much_memory_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_bytes(b"many words " * 3_000_000)
    (tmp_path / "small.txt").write_text("Words.")
    with Reader(Limits(memory_bytes=80_000_000)) as reader:
        with pytest.raises(UnreadableFile, match="more than 80 MB of memory"):
            reader.read(tmp_path / "big.txt")
        assert reader.read(tmp_path / "small.txt").content.text == "Words."


def test_a_file_that_takes_too_long_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "slow.md").write_text(SLOW)
    (tmp_path / "small.txt").write_text("Words.")
    with Reader(Limits(wall_s=0.5)) as reader:
        with pytest.raises(UnreadableFile, match=r"longer than 0\.5 seconds"):
            reader.read(tmp_path / "slow.md")
        assert reader.read(tmp_path / "small.txt").content.text == "Words."


def test_a_file_that_takes_too_much_processor_time_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "slow.md").write_text(SLOW)
    (tmp_path / "small.txt").write_text("Words.")
    with Reader(Limits(cpu_s=1)) as reader:
        with pytest.raises(UnreadableFile, match="1 seconds of processor time"):
            reader.read(tmp_path / "slow.md")
        assert reader.read(tmp_path / "small.txt").content.text == "Words."


def test_a_worker_killed_while_reading_costs_one_file(tmp_path: Path) -> None:
    (tmp_path / "slow.md").write_text(SLOW)
    (tmp_path / "small.txt").write_text("Words.")
    with new_worker() as (reader, pid):
        threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(UnreadableFile, match="stopped from outside"):
            reader.read(tmp_path / "slow.md")
        assert reader.read(tmp_path / "small.txt").content.text == "Words."


def test_a_worker_that_crashes_costs_one_file(tmp_path: Path) -> None:
    (tmp_path / "slow.md").write_text(SLOW)
    with new_worker() as (reader, pid):
        threading.Timer(0.3, os.kill, (pid, signal.SIGSEGV)).start()
        with pytest.raises(UnreadableFile, match=r"crashed on it \(SIGSEGV\)"):
            reader.read(tmp_path / "slow.md")


def test_a_worker_killed_between_files_costs_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    with new_worker() as (reader, pid):
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        assert reader.read(tmp_path / "a.txt").content.text == "Words."


def test_one_worker_reads_many_files_quickly(reader: Reader, tmp_path: Path) -> None:
    for number in range(500):
        (tmp_path / f"{number}.txt").write_text(f"File {number} has a few words.")
    reader.read(tmp_path / "0.txt")
    before = children()
    started = time.monotonic()
    for number in range(500):
        assert reader.read(tmp_path / f"{number}.txt").content.text.startswith(f"File {number} ")
    assert (time.monotonic() - started) / 500 < 0.005  # measured: 0.0004; the rest is for a busy machine
    assert children() == before


def test_threads_may_share_a_reader(reader: Reader, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text(f"File {number}.")
    found: dict[int, str] = {}

    def read_one(number: int) -> None:
        found[number] = reader.read(tmp_path / f"{number}.txt").content.text

    threads = [threading.Thread(target=read_one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"File {number}." for number in range(40)}


def test_closing_ends_the_worker() -> None:
    with new_worker() as (reader, pid):
        reader.close()
        assert not Path(f"/proc/{pid}").exists()


def test_text_and_markdown_load_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: x\n---\nWords.")
    with new_worker() as (reader, pid):
        reader.read(tmp_path / "a.md")
        loaded = Path(f"/proc/{pid}/maps").read_text()
    assert "lxml" not in loaded
    assert "pdfium" not in loaded


def test_the_worker_gets_no_secrets_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with new_worker() as (_, pid):
        assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_the_worker_does_not_outlive_its_parent(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    program = (
        "import os, pathlib, signal, sys\n"
        "from assistant.reading import Reader\n"
        "Reader().read(pathlib.Path(sys.argv[1]))\n"
        "print(open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(assistant.reading.__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.txt"],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    worker = Path(f"/proc/{int(ran.stdout)}/cmdline")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and _is_running(worker):
        time.sleep(0.02)
    assert not _is_running(worker)


def _is_running(cmdline: Path) -> bool:
    """An ended process that nobody waits for has an empty command line."""
    try:
        return bool(cmdline.read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
