"""The settings: one frozen object, read once from the environment and `assistant.toml`, passed down.

A name is read from `ASSISTANT_NAME` first, then from `assistant.toml` in the working folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from assistant.errors import SettingsError

PREFIX = "ASSISTANT_"
TOML_FILE = "assistant.toml"


class Settings(BaseSettings):
    """Every setting, its unit and its default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, toml_file=TOML_FILE, frozen=True, extra="forbid"
    )

    corpus_dir: Path = Field(Path("corpus"), description="the folder of documents")
    index_dir: Path = Field(Path("index"), description="the folder of everything derived from them")
    embedding_model: str = Field(
        "all-MiniLM-L6-v2",
        description="the default, carried by a package; or any sentence-transformers name or folder",
    )
    reranker: str = Field(
        "", description="a sentence-transformers CrossEncoder, by name or folder, to reorder what is found"
    )
    threads: int = Field(0, ge=0, description="CPU threads for the embedding model; 0 takes all")
    passage_chars: int = Field(600, ge=100, le=4000, description="longest passage, characters")
    candidates: int = Field(50, ge=5, le=500, description="passages fetched by meaning, and by keywords")
    minimum_confidence: float = Field(
        0.21, ge=0, le=1, description="an answer less probable than this becomes a refusal"
    )
    max_question_chars: int = Field(8000, ge=10, description="longest question, characters")
    max_file_bytes: int = Field(200_000_000, ge=1, description="largest file read, bytes")
    host: str = Field("127.0.0.1", description="the address the chat listens on")
    port: int = Field(7860, ge=0, le=65535, description="the port of the chat; 0 takes any free one")
    public_url: str = Field(
        "",
        description="where people open the chat if a proxy stands before it, as https://name",
    )
    chroma_url: str = Field(
        "", description="a Chroma server, as http://host:port; empty keeps Chroma in index/"
    )
    chroma_collection: str = Field("passages", description="the collection's name on a Chroma server")

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/?#@\s]+/?", value):
            raise PydanticCustomError("origin", "Write it as https://name, without a path")
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**overrides: Any) -> Settings:
    """Read the settings. Raises SettingsError that names the first wrong one."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(Settings.model_fields))
            raise SettingsError(f"There is no setting named {name}. The settings are: {known}.") from error
        raise SettingsError(
            f"The setting {name} cannot be {first['input']!r}: {first['msg']}. "
            f"Change {PREFIX}{name.upper()} or {TOML_FILE}."
        ) from error
    except (ValueError, OSError) as error:  # a TOML file that does not parse, or cannot be opened
        raise SettingsError(f"{TOML_FILE} cannot be read: {error}. Correct or remove it.") from error
