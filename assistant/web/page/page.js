// What the page adds to the chat: citations that open, copying, files dropped anywhere, a way by keyboard.

import { notify } from "./adding.js";
import { element } from "./dom.js";
import { follow } from "./following.js";
import { Panel } from "./panel.js";

// Gradio does this too, but only once it has loaded; the page would be seen in the wrong colours until then.
const theme = new URLSearchParams(location.search).get("__theme");
const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.body.classList.toggle("dark", dark);

const CITATION = /^cite-(.+)-(\d+)-(\d+)$/;

// Gradio asks the corpus again what to greet with when this button of its own is clicked.
const panel = new Panel(() => document.getElementById("refresh")?.click());
panel.refresh();
follow(() => panel.changed());

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (!button) return;
  if (button.matches("#chat .option, #chat .example")) returnToComposer();
  if (button.classList.contains("cite")) openCitation(button);
  else if (button.classList.contains("copy")) copyAnswer(button);
  else if (button.id === "open-panel") {
    panel.showList();
    panel.from = button;
    panel.open();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) panel.escape();
});

// A button that asks a question is gone with its click. Where there is a keyboard, the next question is typed.
function returnToComposer() {
  if (matchMedia("(pointer: fine)").matches) document.querySelector("#composer textarea")?.focus();
}

function openCitation(button) {
  const key = [...button.classList].map((name) => CITATION.exec(name)).find(Boolean);
  if (!key) return;
  document.querySelectorAll(".cite.current").forEach((other) => other.classList.remove("current"));
  button.classList.add("current");
  panel.read(decodeURIComponent(key[1]), { start: key[2], end: key[3], quote: button.title }, button);
}

async function copyAnswer(button) {
  const words = button.parentElement.querySelector(".portable")?.textContent ?? "";
  try {
    await copy(words);
    button.textContent = "Copied";
  } catch {
    notify("The browser did not allow copying. Select the text and copy it.", { failed: true });
  }
  setTimeout(() => (button.textContent = "Copy as Markdown"), 2000);
}

async function copy(words) {
  if (navigator.clipboard) return navigator.clipboard.writeText(words);
  const area = element("textarea", { value: words }); // for pages that are not served from this machine
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

// Files may be dropped anywhere; no other part of the page, and not the browser, gets to see them.
const target = element("div", { id: "drop", hidden: true }, element("p", {}, "Drop files to add them to the documents"));
document.body.append(target);
let depth = 0;
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
const on = (name, act) =>
  addEventListener(
    name,
    (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      act(event);
      target.hidden = depth === 0;
    },
    true,
  );
on("dragenter", () => (depth += 1));
on("dragleave", () => (depth = Math.max(0, depth - 1)));
on("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
on("drop", (event) => {
  depth = 0;
  panel.add(event.dataTransfer.files);
});

// Gradio labels each message with its source text, which a screen reader would read instead of the words.
function tidy() {
  document.querySelectorAll("#chat [data-testid][aria-label]").forEach((one) => one.removeAttribute("aria-label"));
  document.querySelectorAll(".cite.number:not([aria-label])").forEach((one) => {
    one.setAttribute("aria-label", `Citation ${one.textContent}, open in the document`);
  });
}
new MutationObserver(tidy).observe(document.body, { childList: true, subtree: true });
