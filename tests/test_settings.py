"""Settings come from the environment and from assistant.toml; a wrong one is one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.errors import SettingsError
from assistant.settings import load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_setting_has_a_default_and_a_description() -> None:
    settings = load()
    assert (settings.corpus_dir, settings.index_dir) == (Path("corpus"), Path("index"))
    assert settings.host == "127.0.0.1"
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), name
        assert field.description or name in ("corpus_dir", "index_dir"), name


def test_the_environment_goes_before_the_file_and_an_argument_before_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("assistant.toml").write_text('port = 1000\nthreads = 2\nhost = "::1"\n')
    monkeypatch.setenv("ASSISTANT_PORT", "2000")
    monkeypatch.setenv("ASSISTANT_THREADS", "3")
    settings = load(threads=4)
    assert (settings.host, settings.port, settings.threads) == ("::1", 2000, 4)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS_DIR", "")
    monkeypatch.setenv("ASSISTANT_PORT", "")
    assert (load().corpus_dir, load().port) == (Path("corpus"), 7860)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "abc"),
        ("port", "70000"),
        ("port", "-1"),
        ("passage_chars", "5"),
        ("minimum_confidence", "2"),
        ("minimum_confidence", "nan"),
        ("max_file_bytes", "0"),
        ("public_url", "docs.example.org"),
        ("public_url", "https://docs.example.org/chat"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_setting_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ASSISTANT_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        load()
    said = str(caught.value)
    assert f"The setting {name} cannot be '{value}'" in said
    assert f"ASSISTANT_{name.upper()}" in said
    assert "\n" not in said


def test_an_unknown_setting_is_named_with_those_there_are() -> None:
    Path("assistant.toml").write_text("prot = 7860\n")
    with pytest.raises(SettingsError, match=r"no setting named prot.*port"):
        load()
    Path("assistant.toml").unlink()
    with pytest.raises(SettingsError, match="no setting named nonsense"):
        Assistant(index_dir="x", nonsense=1)


@pytest.mark.parametrize("text", [b"port = ", b"port 7860", b"[[[", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_one_sentence_that_names_it(text: bytes) -> None:
    Path("assistant.toml").write_bytes(text)
    with pytest.raises(SettingsError, match=r"assistant\.toml cannot be read") as caught:
        load()
    assert "\n" not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1  # type: ignore[misc]


def test_reading_the_settings_creates_no_folder(tmp_path: Path) -> None:
    Assistant()
    assert list(tmp_path.iterdir()) == []
