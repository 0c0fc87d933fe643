// The document that is being read: what it is, and its text with the cited words marked.

import { element, request } from "./dom.js";

const STEP = 40000; // characters more, each time earlier or later text is asked for
const NOTICES = {
  moved: "The document has changed since this answer. The cited words now stand here.",
  changed: "The document has changed since this answer: it no longer holds the cited words.",
};
const KINDS = [
  [/^text\/plain/, "Plain text"],
  [/markdown/, "Markdown"],
  [/html/, "Web page"],
  [/pdf/, "PDF"],
  [/wordprocessing|opendocument\.text/, "Text document"],
  [/presentation/, "Presentation"],
  [/spreadsheet|ms-excel/, "Spreadsheet"],
  [/csv|tab-separated/, "Table"],
  [/epub/, "Book"],
  [/rfc822|outlook/, "Mail"],
  [/rtf/, "Rich text"],
  [/ipynb/, "Notebook"],
  [/json/, "JSON"],
  [/xml/, "XML"],
  [/zip/, "Archive"],
];

export class Reader {
  constructor(onBack, onClose) {
    this.title = element("h2", { tabIndex: -1 });
    this.facts = element("dl", { class: "facts" });
    this.notice = element("p", { class: "notice", role: "status", hidden: true });
    this.text = element("div", { class: "text", dir: "auto" });
    this.where = element("p", { class: "where" });
    this.scroller = element(
      "div",
      { class: "scroller", tabIndex: 0, role: "region", ariaLabel: "Text of the document" },
      element("div", { class: "about" }, this.title, this.facts, this.notice),
      this.text,
    );
    this.root = element(
      "section",
      { class: "reader", hidden: true },
      element(
        "header",
        {},
        element("button", { class: "back", type: "button", onclick: onBack }, "All documents"),
        element("button", { class: "close", type: "button", onclick: onClose }, "Back to chat"),
      ),
      this.where,
      this.scroller,
    );
    this.latest = 0;
  }

  // Show a document; `cited` is { start, end, quote }, or empty to read from the beginning.
  async open(id, cited = {}) {
    const ticket = ++this.latest;
    this.place = { id, cited };
    this.title.textContent = "Opening…";
    this.facts.replaceChildren();
    this.text.replaceChildren();
    this.notice.hidden = true;
    this.where.hidden = true;
    try {
      const page = await this.fetch();
      if (ticket !== this.latest) return;
      this.show(page);
      this.bringIntoView();
    } catch (problem) {
      if (ticket !== this.latest) return;
      this.title.textContent = "This document cannot be shown";
      this.say(problem.message);
    }
  }

  async fetch(window = {}) {
    const { id, cited } = this.place;
    const query = new URLSearchParams(
      Object.entries({ ...cited, ...window }).filter(([, value]) => value !== undefined),
    );
    return request(`/documents/${encodeURIComponent(id)}?${query}`);
  }

  show(page) {
    this.page = page;
    this.title.textContent = page.title;
    this.facts.replaceChildren(...facts(page));
    this.where.replaceChildren(...place(page, this.place.cited.quote !== undefined));
    this.where.hidden = !this.where.hasChildNodes();
    const notes = [NOTICES[page.state], ...page.notes].filter(Boolean);
    if (notes.length) this.say(notes.join(" "));
    this.text.replaceChildren(
      ...(page.from > 0 ? [this.more("Show earlier text, before", page.from, -STEP)] : []),
      ...page.parts.map(part),
      ...(page.to < page.length ? [this.more("Show later text, from", page.to, STEP)] : []),
    );
  }

  more(words, at, step) {
    const shown = `${words} character ${at.toLocaleString("en")} of ${this.page.length.toLocaleString("en")}`;
    return element("button", { class: "more", type: "button", onclick: () => this.extend(step) }, shown);
  }

  async extend(step) {
    const { from, to } = this.page;
    const window = step < 0 ? { begin: Math.max(0, from + step), stop: to } : { begin: from, stop: to + step };
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    const fromStart = this.scroller.scrollTop;
    try {
      this.show(await this.fetch(window));
      this.scroller.scrollTop = step < 0 ? this.scroller.scrollHeight - fromEnd : fromStart;
    } catch (problem) {
      this.say(problem.message);
    }
  }

  bringIntoView() {
    const mark = this.text.querySelector("mark");
    if (mark) {
      mark.scrollIntoView({ block: "center" });
      mark.focus({ preventScroll: true });
    } else {
      this.scroller.scrollTop = 0;
      this.title.focus({ preventScroll: true });
    }
  }

  say(words) {
    this.notice.textContent = words;
    this.notice.hidden = false;
  }
}

function part({ text, level, page, cited }) {
  const shown = element(cited ? "mark" : "span", {}, text);
  if (cited) shown.tabIndex = -1;
  if (level) {
    shown.classList.add("heading", `level-${Math.min(level, 4)}`);
    shown.setAttribute("role", cited ? "mark" : "heading");
    if (!cited) shown.setAttribute("aria-level", Math.min(level + 2, 6));
  }
  if (page === undefined) return shown;
  const whole = document.createDocumentFragment();
  whole.append(element("span", { class: "page-number" }, `Page ${page}`), shown);
  return whole;
}

// Where the cited words stand: always in sight, while the title scrolls away.
function place({ title, section, page, state }, isCited) {
  if (!isCited || state === "changed") return [];
  const parts = [section, page === null ? "" : `Page ${page}`].filter(Boolean);
  return [
    element("span", { class: "of", dir: "auto" }, title),
    ...(parts.length ? [element("span", { class: "at", dir: "auto" }, parts.join(" · "))] : []),
  ];
}

function facts(page) {
  const rows = [
    ...Object.entries(page.facts),
    ...page.origins.flatMap(({ url, fetched_at: at }) => [["web page", link(url)], ["fetched", at.slice(0, 10)]]),
    ["source", page.sources.length ? page.sources.join(", ") : page.source],
    ["kind", KINDS.find(([pattern]) => pattern.test(page.media_type))?.[1] ?? page.media_type],
    ["added", page.added_at.slice(0, 10)],
  ];
  return rows.flatMap(([name, value]) => [
    element("dt", {}, name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ")),
    element("dd", { dir: "auto" }, value),
  ]);
}

// Followed only when it is clicked, in a tab that learns nothing of this one.
function link(url) {
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url);
}
