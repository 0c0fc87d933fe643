// The panel beside the chat: the list of documents, or the document that is being read.

import { add, addPage, notify } from "./adding.js";
import { addressBox } from "./address.js";
import { counted, element, narrow, request } from "./dom.js";
import { Reader } from "./reader.js";

const FILTER_FROM = 9; // documents; fewer are seen at a glance
const LISTED = 500; // rows at most; the filter finds the others

export class Panel {
  constructor(onChange) {
    this.onChange = onChange;
    this.documents = [];
    this.mostBytes = Infinity;
    this.reader = new Reader(() => this.showList(), () => this.close());
    this.count = element("span", { class: "count" });
    this.rows = element("ul", { class: "rows" });
    this.hint = element("p", { class: "hint" });
    this.filter = element("input", {
      type: "search", class: "filter", placeholder: "Filter by title or name", hidden: true,
      ariaLabel: "Filter documents", oninput: () => this.list(),
    });
    this.chooser = element("input", {
      type: "file", id: "files", multiple: true, hidden: true, ariaLabel: "Files to add",
      onchange: () => this.add(this.chooser.files),
    });
    this.overview = element(
      "section",
      { class: "overview" },
      element(
        "header",
        {},
        element("h2", {}, "Documents ", this.count),
        element("button", { class: "close", type: "button", onclick: () => this.close() }, "Back to chat"),
      ),
      element("button", { class: "add", type: "button", onclick: () => this.chooser.click() }, "Add documents"),
      addressBox((url) => addPage(url, { onAdded: () => this.changed() })),
      this.chooser, this.filter, this.rows, this.hint,
    );
    this.root = element("aside", { id: "panel", ariaLabel: "Documents" }, this.overview, this.reader.root);
    this.question = element("p", {});
    this.confirm = confirmation(this.question);
    document.body.append(this.root, this.confirm);
    addEventListener("popstate", () => this.hide());
  }

  async refresh() {
    try {
      const { documents, max_file_bytes: mostBytes } = await request("/documents");
      this.documents = documents;
      this.mostBytes = mostBytes;
      this.list();
    } catch (problem) {
      this.hint.textContent = problem.message;
    }
  }

  list() {
    const { documents } = this;
    const wanted = this.filter.value.trim().toLowerCase();
    const found = documents.filter(({ title, source }) => `${title}\n${source}`.toLowerCase().includes(wanted));
    this.count.textContent = documents.length.toLocaleString("en");
    this.filter.hidden = documents.length < FILTER_FROM;
    this.rows.replaceChildren(...found.slice(0, LISTED).map((one) => this.row(one)));
    this.hint.textContent = hint(documents.length, found.length);
  }

  row(one) {
    const others = one.sources.length > 1 ? ` and ${counted(one.sources.length - 1, "copy").replace("copys", "copies")}` : "";
    return element(
      "li",
      {},
      element(
        "button",
        { class: "open", type: "button", onclick: () => this.read(one.id) },
        element("span", { class: "title", dir: "auto" }, one.title),
        element("span", { class: "source", dir: "auto" }, one.source + others),
      ),
      element("button", {
        class: "remove", type: "button", title: "Remove", ariaLabel: `Remove ${one.title}`,
        onclick: () => this.remove(one),
      }),
    );
  }

  // Show the words of a citation, or a whole document, and come back to `from` afterwards.
  read(id, cited = {}, from = document.activeElement) {
    this.from = from;
    this.overview.hidden = true;
    this.reader.root.hidden = false;
    this.open();
    return this.reader.open(id, cited);
  }

  showList() {
    this.reader.root.hidden = true;
    this.overview.hidden = false;
    if (this.from?.isConnected && this.from.offsetParent && !narrow()) this.from.focus();
    else this.overview.querySelector("button.add").focus();
  }

  open() {
    if (narrow() && !history.state?.panel) history.pushState({ panel: true }, "");
    document.body.classList.add("panel-open");
  }

  close() {
    if (history.state?.panel) history.back();
    else this.hide();
  }

  hide() {
    document.body.classList.remove("panel-open");
    if (this.from?.isConnected) this.from.focus();
  }

  escape() {
    if (narrow()) {
      if (document.body.classList.contains("panel-open")) this.close();
    } else if (!this.reader.root.hidden) this.showList();
  }

  add(files) {
    const done = add(files, { mostBytes: this.mostBytes, onAdded: () => this.changed() });
    this.chooser.value = "";
    return done;
  }

  remove(one) {
    const files = `${one.sources.length > 1 ? "files" : "file"} ${one.sources.join(", ")}`;
    this.question.textContent = `“${one.title}” and its ${files} are deleted from the corpus. This cannot be undone.`;
    this.confirm.onclose = async () => {
      if (this.confirm.returnValue !== "remove") return;
      try {
        await request(`/documents/${encodeURIComponent(one.id)}`, { method: "DELETE" });
        notify(`Removed ${one.source}.`);
      } catch (problem) {
        notify(problem.message, { failed: true });
      }
      this.changed();
    };
    this.confirm.returnValue = "";
    this.confirm.showModal();
  }

  changed() {
    this.onChange();
    return this.refresh();
  }
}

function confirmation(question) {
  return element(
    "dialog",
    { id: "confirm", ariaLabel: "Remove the document?" },
    element(
      "form",
      { method: "dialog" },
      element("h2", {}, "Remove the document?"),
      question,
      element(
        "div",
        { class: "choices" },
        element("button", { value: "keep", autofocus: true }, "Keep it"),
        element("button", { value: "remove", class: "danger" }, "Remove it"),
      ),
    ),
  );
}

function hint(count, found) {
  if (!count) return "No documents yet. Drag files into this page, or choose them with the button above.";
  if (!found) return "No title or name matches.";
  if (found > LISTED) return `${LISTED} of ${found.toLocaleString("en")} are listed. Type a part of a name above.`;
  return "Files can be dragged anywhere into this page: text, PDF, Office, web pages, mail, books, tables.";
}
