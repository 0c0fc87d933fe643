// Adding documents: files and web pages one after the other, and what happens to each is said.

import { Problem, counted, element } from "./dom.js";

const STAYS_MS = 12000; // a message of success; one of failure stays until it is closed
const STAGES = { fetching: "Fetching", reading: "Reading", embedding: "Indexing", writing: "Storing" };

const box = element("div", { id: "notices", role: "status", ariaLive: "polite" });
document.body.append(box);

let waiting = Promise.resolve();

// Add files, after what is being added already. Calls `onAdded` when the corpus may have changed.
export function add(files, { mostBytes, onAdded }) {
  const chosen = [...files].map((file) => ({
    name: file.name,
    undone: "was not added.",
    known: "holds a document that is already here.",
    send: (onProgress) => sendFile(file, mostBytes, onProgress),
  }));
  return chosen.length ? queue(chosen, onAdded) : waiting;
}

// Add a web page in the same way; the promise says whether it was added, or was there.
export function addPage(url, { onAdded }) {
  const page = {
    name: url.trim(),
    undone: "was not fetched.",
    known: "is already here and has not changed.",
    send: (onProgress) => sendPage(url, onProgress),
  };
  return queue([page], onAdded);
}

function queue(items, onAdded) {
  waiting = waiting.then(() => addAll(items, onAdded));
  return waiting;
}

export function notify(words, { failed = false } = {}) {
  const close = element("button", { type: "button", class: "dismiss", ariaLabel: "Close this message" }, "×");
  const shown = element("div", { class: failed ? "notice failed" : "notice" }, element("p", {}, words), close);
  close.addEventListener("click", () => shown.remove());
  box.append(shown);
  if (!failed) setTimeout(() => shown.remove(), STAYS_MS);
}

async function addAll(items, onAdded) {
  const words = element("p", {}, "");
  const bar = element("progress", { max: 1, value: 0, ariaLabel: "Progress" });
  const shown = element("div", { class: "notice adding" }, words, bar);
  box.append(shown);
  const added = [];
  let whole = true;
  for (const [at, item] of items.entries()) {
    const which = items.length > 1 ? ` (${at + 1} of ${items.length})` : "";
    words.textContent = `Adding ${item.name}${which}…`;
    bar.removeAttribute("value");
    const began = {}; // by stage: when it was first heard of, and how far it was
    const onProgress = (progress) => {
      began[progress.stage] ??= { at: performance.now(), done: progress.done };
      const told = pace(progress, began[progress.stage]);
      words.textContent = `Adding ${item.name}${which}: ${STAGES[progress.stage] ?? progress.stage} ${told}`;
      if (progress.total) bar.value = progress.done / progress.total;
    };
    try {
      const outcome = await item.send(onProgress);
      added.push(...reported(outcome, item));
      whole &&= !outcome.failures.length;
    } catch (problem) {
      notify(problem instanceof Problem ? problem.message : `${item.name} could not be sent.`, { failed: true });
      whole = false;
    }
  }
  shown.remove();
  if (added.length) {
    notify(`Added ${added.join(", ")}. You can ask about ${added.length === 1 ? "it" : "them"} now.`);
  }
  onAdded();
  return whole;
}

// How far, how fast and how long still: "1.2 of 3.4 MB, 90 kB/s, 24 s left".
function pace({ done, total, unit }, began) {
  const [size, name] = unit !== "bytes" ? [1, ""] : total < 1e6 ? [1e3, " kB"] : [1e6, " MB"];
  const shown = (count) => (size === 1 ? `${count}` : (count / size).toFixed(1));
  const told = `${shown(done)} of ${shown(total)}${name}`;
  const perSecond = (1000 * (done - began.done)) / (performance.now() - began.at);
  if (unit !== "bytes" || !(perSecond > 0)) return told;
  const left = Math.round((total - done) / perSecond);
  const time = left < 90 ? `${left} s` : `${Math.round(left / 60)} min`;
  return `${told}, ${Math.round(perSecond / 1e3)} kB/s, ${time} left`;
}

function reported({ added, changed, failures, notes }, { name, undone, known }) {
  for (const { source, reason } of failures) notify(`${source} ${undone} ${reason}`, { failed: true });
  for (const note of notes) notify(note);
  if (!added.length && !failures.length) notify(`${name} ${changed.length ? "has changed and is up to date now." : known}`);
  return added;
}

async function sendFile(file, mostBytes, onProgress) {
  if (file.size > mostBytes) {
    throw new Problem(`${file.name} is larger than the ${counted(mostBytes, "byte")} that are read. Split it.`);
  }
  return send(`/documents?name=${encodeURIComponent(file.name)}`, { body: file }, file.name, onProgress);
}

function sendPage(url, onProgress) {
  const asked = { body: JSON.stringify({ url }), headers: { "Content-Type": "application/json" } };
  return send("/documents/pages", asked, url, onProgress);
}

async function send(path, options, name, onProgress) {
  const response = await fetch(path, { method: "POST", ...options });
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    throw new Problem(answer.error ?? `${name} was not added.`);
  }
  let outcome = { error: "The program stopped meanwhile. Try again." };
  for await (const line of lines(response.body)) {
    if (line.progress) onProgress(line.progress);
    else outcome = line;
  }
  if (outcome.error) throw new Problem(`${name} was not added. ${outcome.error}`);
  return outcome;
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    yield* whole.map((line) => JSON.parse(line));
  }
}
