"""The chat as Gradio Blocks: components, events and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant import render
from assistant.errors import AssistantError
from assistant.web import conversation
from assistant.web.conversation import Talk, counted
from assistant.web.talks import Talks

if TYPE_CHECKING:
    from assistant.assistant import Assistant

NAME = "Document assistant"
ASKING = 8  # questions answered at once; adding documents is not among them
QUEUED = 64  # questions that may wait for their turn
CACHE_S = (3600, 3600)  # Gradio's own temporary files: look every hour, delete those of an hour

WELCOME = (
    '<div class="welcome"><h2>Ask the documents</h2><p>Every sentence of an answer is quoted word for word. '
    "Its number opens the place it comes from.</p></div>"
)
EMPTY = (
    '<div class="welcome empty"><h2>There are no documents yet</h2><p>Drag a file anywhere into this page, '
    "or use <b>Add documents</b>.<br>Files put into the folder <code>{folder}</code> are read "
    "at once.</p></div>"
)

Updates = tuple[Any, ...]


def build(assistant: Assistant) -> gr.Blocks:
    """The chat of one assistant. Its look, and the panel beside it, come with the page."""
    blocks: gr.Blocks = gr.Blocks(
        title=NAME, fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=CACHE_S
    )
    with blocks:
        talk, count = gr.State(()), gr.State(0)
        with gr.Row(elem_id="bar"):
            heading = gr.Markdown(f"# {NAME}", elem_id="heading", latex_delimiters=[], container=False)
            gr.Button("Documents", elem_id="open-panel", size="sm")
            new = gr.Button("New chat", elem_id="new-chat", size="sm")
        chat = _chatbot()
        box = _composer()
        refresh = gr.Button("Refresh", elem_id="refresh")  # clicked by the page when documents change

        events = _Events(assistant)
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # "once", the default, silently drops a question that is asked right after another was stopped.
        asking: dict[str, Any] = {**quiet, "concurrency_limit": ASKING, "trigger_mode": "multiple"}
        asking["concurrency_id"] = "ask"
        shown = [chat, talk, box]
        typed = box.submit(events.ask, [box, talk, count], shown, **asking)
        example = chat.example_select(events.ask_example, [talk, count], shown, **asking)
        option = chat.option_select(events.ask_option, [talk, count], shown, **asking)
        answering: dict[str, Any] = {"cancels": [typed, example, option], "queue": False, **quiet}
        box.stop(events.stop, [talk], shown, **answering)
        new.click(events.clear, [talk], shown, **answering)
        blocks.load(events.restore, [talk], [chat, talk], queue=False, **quiet)
        gr.on([blocks.load, refresh.click], events.count, None, [heading, count], queue=False, **quiet)
        gr.on([blocks.load, refresh.click], events.greet, None, [chat], queue=False, **quiet)
    blocks.queue(max_size=QUEUED, default_concurrency_limit=ASKING)
    return blocks


def theme() -> gr.themes.Base:
    """Colours and sizes for Gradio's own components, in fonts that the machine has."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=[gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")],
        font_mono=[gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")],
    )


def _chatbot() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label="Conversation",
        show_label=False,
        container=False,
        height="100%",
        layout="bubble",
        buttons=[],
        latex_delimiters=[],  # a document's dollar signs are no mathematics
        line_breaks=False,
        allow_tags=False,
        sanitize_html=True,
        feedback_options=None,
        placeholder=WELCOME,
        group_consecutive_messages=False,
    )


def _composer() -> gr.Textbox:
    return gr.Textbox(
        elem_id="composer",
        label="Your question",
        show_label=False,
        container=False,
        placeholder="Ask a question",
        lines=1,
        max_lines=8,
        autofocus=True,
        submit_btn="Ask",
    )


class _Events:
    """What happens on each event, for one assistant: values in, updates of the components out."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._talks = Talks()

    def ask(self, question: str, talk: Talk, count: int, request: gr.Request) -> Iterator[Updates]:
        """Answer in the chat; a question that could not be asked stays in the composer."""
        if objection := conversation.objection(question, talk):
            gr.Info(objection, duration=4)
            yield gr.skip(), gr.skip(), gr.skip()
            return
        box: Any = gr.update(value="", submit_btn=False, stop_btn="Stop")
        for grown in conversation.ask(self._assistant, question, talk, documents=count):
            if not grown[-1].status:
                back: dict[str, Any] = {"value": question} if grown[-1].problem else {}
                box = gr.update(submit_btn="Ask", stop_btn=False, **back)
            self._talks.keep(_key(request), grown)
            yield conversation.messages(grown), grown, box
            box = gr.skip()

    def ask_example(
        self, talk: Talk, count: int, chosen: gr.SelectData, request: gr.Request
    ) -> Iterator[Updates]:
        """Ask the example question that was clicked."""
        yield from self.ask(chosen.value["text"], talk, count, request)

    def ask_option(
        self, talk: Talk, count: int, chosen: gr.SelectData, request: gr.Request
    ) -> Iterator[Updates]:
        """Ask again with the choice that was clicked."""
        yield from self.ask(chosen.value, talk, count, request)

    def stop(self, talk: Talk, request: gr.Request) -> Updates:
        """End the answer that is being given."""
        ended = conversation.stopped(talk)
        self._talks.keep(_key(request), ended)
        return conversation.messages(ended), ended, gr.update(submit_btn="Ask", stop_btn=False)

    def clear(self, talk: Talk, request: gr.Request) -> Updates:
        """Begin a new conversation."""
        conversation.stopped(talk)
        self._talks.keep(_key(request), ())
        return [], (), gr.update(value="", submit_btn="Ask", stop_btn=False)

    def restore(self, talk: Talk, request: gr.Request) -> Updates:
        """Show a page that is loaded again the conversation that it had, unless it has begun another."""
        if talk or not (kept := self._talks.of(_key(request))):
            return gr.skip(), gr.skip()
        return conversation.messages(kept), kept

    def count(self) -> Updates:
        """The heading, for the corpus as it is now."""
        try:
            count = len(self._assistant.documents())
        except AssistantError:  # which the greeting says
            count = 0
        return _heading(count), count

    def greet(self) -> Any:
        """What is seen before the first question, for the corpus as it is now; waits for the model."""
        try:
            has_documents = bool(self._assistant.documents())
        except AssistantError as error:
            return gr.update(placeholder=render.words_to_chat(str(error), kind="problem"), examples=None)
        folder = render.escaped(Path(self._assistant.settings.corpus_dir).name)
        examples = conversation.suggestions(self._assistant) if has_documents else ()
        return gr.update(
            placeholder=WELCOME if has_documents else EMPTY.format(folder=folder),
            examples=[{"text": question} for question in examples] or None,
        )


def _key(request: gr.Request) -> str:
    """The key of the page that asks, which page.js puts into its address."""
    return str(request.query_params.get("chat", ""))


def _heading(count: int) -> str:
    return f'<h1>{NAME}</h1><span class="count">{counted(count)}</span>'
