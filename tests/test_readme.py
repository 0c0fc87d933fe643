"""What the README shows is what happens: its commands and its Python are run, on a copy of its corpus."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from corpora import Run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = FENCED.findall(README)
SHOWN = [
    line.removeprefix("$ ").removeprefix("python -m assistant ")
    for language, block in BLOCKS
    if language in ("sh", "console", "bash", "shell")
    for line in block.splitlines()
    if line.removeprefix("$ ").startswith("python -m assistant ")
]
# The chat runs until it is stopped: the browser tests have it.
COMMANDS = [command for command in SHOWN if not command.startswith("chat")]
PROGRAMS = [block for language, block in BLOCKS if language == "python"]


@pytest.fixture
def _own_corpus(tmp_path: Path, corpus: Path) -> None:
    shutil.copytree(ROOT / "corpus", corpus, dirs_exist_ok=True)


def test_the_readme_shows_commands_and_python() -> None:
    assert COMMANDS
    assert PROGRAMS


@pytest.mark.usefixtures("_own_corpus")
def test_the_commands_of_the_readme_work_one_after_the_other(run: Run) -> None:
    for command in COMMANDS:
        ran = run(*shlex.split(command, comments=True))
        assert ran.code == 0, f"{command}: {ran.err}"
        assert ran.out, command


@pytest.mark.usefixtures("_own_corpus")
def test_the_python_of_the_readme_works(tmp_path: Path) -> None:
    program = "\n".join(PROGRAMS)
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_files_that_the_readme_links_to_are_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
