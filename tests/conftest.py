"""Shared by all tests: one loaded embedding model, and assistants made cheaply around it."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from corpora import TOWN, Make, Ran, Run, write
from smallweb import Web, served

from assistant import Assistant
from assistant.cli import verbs
from assistant.embedding import Embedder


@pytest.fixture(scope="session", autouse=True)
def _same_everywhere() -> Iterator[None]:
    """No setting comes from outside, and a process started from any folder finds the program."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        for name in os.environ:
            if name.startswith("ASSISTANT_"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The real default model, loaded once."""
    model = Embedder()
    model.load()
    return model


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """An empty corpus folder."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Where the assistants of `make` keep their index; not there yet."""
    return tmp_path / "index"


@pytest.fixture
def web() -> Iterator[Web]:
    """A small web of our own; the real one is not asked for anything."""
    with served() as made:
        yield made


@pytest.fixture
def make(embedder: Embedder, corpus: Path, index: Path) -> Iterator[Make]:
    """Make an assistant on the test's corpus; closed at the end. Any setting can be given."""
    with ExitStack() as stack:

        def made(**settings: Any) -> Assistant:
            given = {"corpus_dir": corpus, "index_dir": index, "embedder": embedder, **settings}
            return stack.enter_context(Assistant(**given))

        yield made


@pytest.fixture(scope="session")
def town(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant on three documents, for tests that only ask."""
    folder = tmp_path_factory.mktemp("town")
    write(folder / "corpus", TOWN)
    with Assistant(
        corpus_dir=folder / "corpus", index_dir=folder / "index", embedder=embedder, max_question_chars=8000
    ) as assistant:
        assistant.sync()
        yield assistant


@pytest.fixture(scope="session")
def _town_on_disk(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settled")
    write(folder / "corpus", TOWN)
    with Assistant(corpus_dir=folder / "corpus", index_dir=folder / "index", embedder=embedder) as assistant:
        assistant.sync()
    return folder


@pytest.fixture
def settled(_town_on_disk: Path, corpus: Path, index: Path) -> None:
    """The town is in the corpus, and was indexed by an assistant that is closed."""
    shutil.copytree(_town_on_disk / "corpus", corpus, dirs_exist_ok=True)
    shutil.copytree(_town_on_disk / "index", index)


@pytest.fixture
def run(
    tmp_path: Path,
    corpus: Path,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a verb in this process, in the folder above `corpus`, with the model that is already loaded."""

    def ran(*arguments: str | Path) -> Ran:
        monkeypatch.setattr("sys.argv", ["assistant", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            verbs.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "Assistant", partial(Assistant, embedder=embedder))
    return ran


@pytest.fixture
def without_root() -> Callable[[], Any]:
    """A context in which file permissions hold for this thread even if it belongs to root (Linux)."""
    return _permissions_hold


@contextmanager
def _permissions_hold() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this thread
    # Two rows of effective, permitted, inheritable; the effective ones of the first row are bits 0 to 31.
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0, os.strerror(ctypes.get_errno())
    fewer = (ctypes.c_uint32 * 6)(*held)
    fewer[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert libc.capset(header, fewer) == 0, os.strerror(ctypes.get_errno())
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0, os.strerror(ctypes.get_errno())
