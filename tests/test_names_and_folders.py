"""Files go into the corpus under safe names and come out again; nothing else there is touched."""

from __future__ import annotations

import errno
import os
import unicodedata
from pathlib import Path

import pytest
from corpora import write
from hypothesis import given
from hypothesis import strategies as st

from assistant.corpus import LONGEST_NAME, copy_in, delete, safe_name
from assistant.errors import CorpusError

ANYTHING = st.text() | st.text(alphabet="./\\: \x00\x1b\u202eaé😀\ud800", max_size=30)
LONG = st.text(min_size=200, max_size=400)


@given(ANYTHING | LONG)
def test_a_safe_name_is_one_visible_file_in_the_folder_itself(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert Path("corpus", safe).parent == Path("corpus")
    assert os.path.normpath(safe) == safe
    assert safe not in (".", "..")
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))
    assert not set(safe) & set('/\\:*?"<>|\0')
    assert len(safe.encode("utf-8")) <= LONGEST_NAME
    assert not [ch for ch in safe if unicodedata.category(ch) in ("Cc", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("brief.md", "brief.md"),
        ("My report (final).PDF", "My report (final).PDF"),
        ("smile 👩‍👩‍👧.txt", "smile 👩‍👩‍👧.txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("C:\\Users\\me\\brief.md", "brief.md"),
        ("../../etc/passwd", "passwd"),
        ("...", "document"),
        (".bashrc", "bashrc"),
        ("a?b*c.md", "a_b_c.md"),
        ("x" * 300 + ".md", "x" * 197 + ".md"),
    ],
)
def test_a_safe_name_keeps_what_it_can(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def copied(corpus: Path, *paths: Path, max_bytes: int = 1000) -> tuple[list[str], list[str]]:
    sources, failures = copy_in(corpus, paths, names=None, max_bytes=max_bytes)
    return sources, [failure.source for failure in failures]


def test_a_folder_is_added_with_its_files_but_not_its_hidden_ones(corpus: Path, tmp_path: Path) -> None:
    write(tmp_path / "given", {"a.md": "A", "below/b.md": "B", ".hidden": "C", ".git/config": "D"})
    (tmp_path / "given" / "link.md").symlink_to("/etc/passwd")
    assert copied(corpus, tmp_path / "given") == (["a.md", "b.md"], [])


def test_files_of_the_same_name_get_numbers(corpus: Path, tmp_path: Path) -> None:
    write(tmp_path, {"1/a.md": "one", "2/a.md": "two", "3/a.md": "three"})
    sources, _ = copied(corpus, *(tmp_path / n / "a.md" for n in "123"))
    assert sources == ["a.md", "a (2).md", "a (3).md"]
    assert [(corpus / source).read_text() for source in sources] == ["one", "two", "three"]


def test_a_file_that_is_too_big_is_not_copied(corpus: Path, tmp_path: Path) -> None:
    write(tmp_path, {"big.md": "x" * 1001})
    assert copied(corpus, tmp_path / "big.md") == ([], [str(tmp_path / "big.md")])
    assert list(corpus.iterdir()) == []


def test_a_file_of_the_corpus_is_not_copied_again(corpus: Path) -> None:
    write(corpus, {"places/a.md": "A"})
    assert copied(corpus, corpus / "places" / "a.md") == (["places/a.md"], [])
    assert [path.name for path in corpus.rglob("*.md")] == ["a.md"]


def test_what_is_no_file_is_named(corpus: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert copied(corpus, tmp_path / "pipe", tmp_path / "nothing") == (
        [],
        [str(tmp_path / "pipe"), str(tmp_path / "nothing")],
    )


def test_the_corpus_folder_is_made_when_something_is_added(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "A"})
    assert copied(tmp_path / "new" / "corpus", tmp_path / "a.md") == (["a.md"], [])


def test_a_corpus_that_is_a_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "A", "corpus": "mine"})
    with pytest.raises(CorpusError, match="corpus cannot be written"):
        copied(tmp_path / "corpus", tmp_path / "a.md")


def test_deleting_what_is_gone_already_is_no_error(corpus: Path) -> None:
    write(corpus, {"a.md": "A", "b.md": "B"})
    delete(corpus, ["a.md", "nothing.md"])
    assert [path.name for path in corpus.iterdir()] == ["b.md"]


def test_deleting_what_cannot_be_deleted_is_an_error_that_names_it(corpus: Path) -> None:
    write(corpus, {"folder/a.md": "A"})
    with pytest.raises(CorpusError, match="folder cannot be deleted"):
        delete(corpus, ["folder"])


def test_a_disk_without_links_gets_copies_too_and_nothing_is_overwritten(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write(tmp_path, {"1/a.md": "one", "2/a.md": "two"})
    sources, _ = copied(corpus, tmp_path / "1" / "a.md", tmp_path / "2" / "a.md")
    assert [(corpus / source).read_text() for source in sources] == ["one", "two"]
    assert len(list(corpus.iterdir())) == 2


def test_what_a_killed_copy_left_is_discarded_and_no_other_hidden_file(corpus: Path, tmp_path: Path) -> None:
    write(corpus, {".copying-4711.part": "half", ".copying-mine.part": "kept", ".hidden": "kept"})
    write(tmp_path, {"a.md": "A"})
    copied(corpus, tmp_path / "a.md")
    assert sorted(path.name for path in corpus.iterdir()) == [".copying-mine.part", ".hidden", "a.md"]


def test_nothing_is_deleted_through_a_link_out_of_the_corpus(corpus: Path, tmp_path: Path) -> None:
    write(tmp_path, {"mine/a.md": "A"})
    (corpus / "folder").symlink_to(tmp_path / "mine")
    with pytest.raises(CorpusError, match="link out of the corpus"):
        delete(corpus, ["folder/a.md"])
    assert (tmp_path / "mine" / "a.md").exists()
