"""The chain is a LangChain Runnable and the retriever a LangChain retriever, usable like any other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from corpora import untimed
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda

from assistant import Answer, Assistant, Hit
from assistant.embedding import Embedder
from assistant.errors import SettingsError
from assistant.retrieval import spread

QUESTION = "How long is the bridge over the Wend?"


def test_the_chain_is_a_runnable_that_gives_the_same_answer(town: Assistant) -> None:
    chain = town.as_runnable()
    assert isinstance(chain, Runnable)
    answer = chain.invoke(QUESTION)
    assert isinstance(answer, Answer)
    assert untimed(answer) == untimed(town.ask(QUESTION))
    assert answer.timings_ms.keys() == {"retrieve", "answer", "total"}


def test_the_chain_takes_a_question_with_documents(town: Assistant) -> None:
    orchard = town.document("places/orchard.txt").id
    answer = town.as_runnable().invoke({"question": "Which apple is the rarest?", "documents": [orchard]})
    assert {citation.document_id for citation in (*answer.citations, *answer.closest)} == {orchard}


def test_the_chain_streams_one_answer(town: Assistant) -> None:
    [answer] = list(town.as_runnable().stream(QUESTION))
    assert untimed(answer) == untimed(town.ask(QUESTION))


def test_the_chain_answers_without_blocking(town: Assistant) -> None:
    chain = town.as_runnable()

    async def both() -> list[Answer]:
        return await asyncio.gather(chain.ainvoke(QUESTION), chain.ainvoke("Which apple is the rarest?"))

    # In a thread of its own, because the browser tests keep an event loop running in this one.
    with ThreadPoolExecutor() as threads:
        first, second = threads.submit(lambda: asyncio.run(both())).result()
    assert untimed(first) == untimed(town.ask(QUESTION))
    assert "Velvet Russet" in second.citations[0].quote


def test_the_chain_answers_a_batch_in_order(town: Assistant) -> None:
    questions = [QUESTION, "Which apple is the rarest?"]
    said = town.as_runnable().batch(questions)
    assert [answer.question for answer in said] == questions


def test_the_chain_is_a_part_of_a_longer_one(town: Assistant) -> None:
    ask = RunnableLambda(lambda name: f"How long is the {name} over the Wend?")
    quote = RunnableLambda(lambda answer: answer.citations[0].quote)
    assert "612 metres" in (ask | town.as_runnable() | quote).invoke("bridge")


def test_the_chain_refuses_an_empty_question_with_our_own_error(town: Assistant) -> None:
    with pytest.raises(SettingsError, match="empty"):
        town.as_runnable().invoke("  ")


def test_the_assistant_streams_passages_and_then_the_answer(town: Assistant) -> None:
    passages, answer = list(town.stream(QUESTION))
    assert isinstance(passages, tuple)
    assert all(isinstance(hit, Hit) for hit in passages)
    assert isinstance(answer, Answer)
    assert untimed(answer) == untimed(town.ask(QUESTION))


def test_the_retriever_gives_documents_with_their_place(town: Assistant) -> None:
    retriever = town._engine.retriever
    assert isinstance(retriever, BaseRetriever)
    found = retriever.invoke(QUESTION)
    assert found
    for document in found:
        metadata = document.metadata
        text = town.document(metadata["document_id"]).text
        assert text[metadata["start"] : metadata["end"]] == document.page_content
        assert metadata["source"] in town.document(metadata["document_id"]).sources
        assert metadata["rank"] >= 1


def test_the_model_is_a_langchain_embedding_of_unit_vectors(embedder: Embedder) -> None:
    assert isinstance(embedder, Embeddings)
    [near, far] = embedder.embed_documents(["The bridge is long.", "Apples ripen in October."])
    query = embedder.embed_query("How long is the bridge?")
    assert len(query) == len(near) == embedder.dimension
    assert abs(sum(x * x for x in near) - 1) < 0.01
    assert sum(a * b for a, b in zip(query, near, strict=True)) > sum(
        a * b for a, b in zip(query, far, strict=True)
    )


def test_the_best_passage_of_another_document_goes_before_a_further_one_that_is_hardly_nearer() -> None:
    documents = {"a": "one", "b": "one", "c": "two", "d": "two"}
    scores = spread({"a": 0.9, "b": 0.8, "c": 0.78, "d": 0.5}, documents)
    assert sorted(scores, key=lambda passage_id: -scores[passage_id]) == ["a", "c", "b", "d"]
    assert scores["a"] == 0.9
