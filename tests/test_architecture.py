"""The shape of the program: who imports whom, who alone imports what, and what an import loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant

PACKAGE = Path(assistant.__file__).parent
# From the bottom up. A room imports only from the lines above its own; a folder is one room.
ROOMS = """
errors values
settings words render verify sidecars addresses ownership anchoring traces postings watching
corpus
embedding questions about spelling
followups
compound
signals
answerability
ranking
reading reranking passages
library vectors fetching drafts
webpages
ingest retrieval
checking removal citations extract
chain
engine
assistant
evaluate
web
cli
__main__
"""
LEVEL = {room: at for at, line in enumerate(ROOMS.split("\n")) for room in line.split()}
ALONE = {
    "gradio": {"web"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "chromadb": {"vectors"},
    "sqlite3": {"library"},
    "torch": {"embedding", "reranking"},
    "transformers": {"embedding"},
    "sentence_transformers": {"embedding", "reranking"},
    "safetensors": {"embedding"},
    "tokenizers": {"embedding"},
    "sentencex": {"passages"},
    "typer": {"cli"},
    "rich": {"cli"},
    "filelock": {"ownership"},
    "rapidfuzz": {"spelling"},
    "simplemma": {"words"},
    "watchfiles": {"watching"},
    "pypdfium2": {"reading"},
    "lxml": {"reading"},
    "trafilatura": {"reading"},
    "pydantic_settings": {"settings"},
    "httpx": {"fetching", "vectors"},
    "httpcore": {"fetching"},
    "matplotlib": {"evaluate"},
}
LANGCHAIN = {
    "langchain",
    "langchain_core",
    "langchain_text_splitters",
    "langchain_chroma",
    "langchain_huggingface",
}


def room(path: Path) -> str:
    """The room that a file belongs to: its folder's name, or its own."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            if node.module in ("assistant", "langchain_core"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
IMPORTS = [(path, module) for path in FILES for module in sorted(set(imported(path)))]


def test_every_room_has_its_place() -> None:
    assert {room(path) for path in FILES} - LEVEL.keys() == set()


def test_imports_go_downwards_only() -> None:
    upwards = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path, module in IMPORTS
        if module.startswith("assistant.")
        and (target := module.split(".")[1]) != room(path)
        # `from assistant import Assistant`: a name of the package, which stands where the class does.
        and LEVEL.get(target, LEVEL["assistant"]) >= LEVEL[room(path)]
    ]
    assert upwards == []


@pytest.mark.parametrize("library", ALONE)
def test_a_heavy_library_has_one_importer(library: str) -> None:
    assert {room(path) for path, module in IMPORTS if module.split(".")[0] == library} <= ALONE[library]


@pytest.mark.parametrize("name", ["errors", "values"])
def test_values_and_errors_import_the_standard_library_only(name: str) -> None:
    outside = [
        module
        for path, module in IMPORTS
        if room(path) == name and module.split(".")[0] not in sys.stdlib_module_names
    ]
    assert outside == []


def test_langchain_is_used_through_its_maintained_packages_only() -> None:
    used = {module.split(".")[0] for _, module in IMPORTS if module.startswith("langchain")}
    assert used <= LANGCHAIN


def test_one_room_defines_a_retriever() -> None:
    users = {
        room(path) for path in FILES if "BaseRetriever" in path.read_text(encoding="utf-8").split("(")[0]
    }
    users |= {room(path) for path, module in IMPORTS if module.endswith("retrievers")}
    assert users == {"retrieval"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "torch chromadb gradio sqlite3 langchain_core sentence_transformers transformers numpy lxml typer"
    program = f"import assistant, sys; print(*(name for name in {heavy.split()!r} if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("verb", ["--help", "list"])
def test_what_needs_no_model_loads_none(verb: str, tmp_path: Path) -> None:
    program = (
        "import assistant.cli, atexit, sys; atexit.register(lambda: print(*(n for n in "
        "('torch', 'chromadb', 'gradio', 'langchain_core') if n in sys.modules), file=sys.stderr));"
        f"sys.argv[1:] = [{verb!r}]; assistant.cli.main()"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert loaded.stderr.splitlines()[-1] == ""


def test_the_public_names_are_sorted_and_all_there() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    brought = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert assistant.__all__ == sorted(assistant.__all__)
    assert set(assistant.__all__) == brought
    for name in assistant.__all__:
        assert getattr(assistant, name).__doc__, name


def test_every_error_is_in_the_drawn_tree() -> None:
    from assistant import errors

    drawn = errors.__doc__ or ""
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert name in drawn
            assert issubclass(kind, errors.AssistantError)
