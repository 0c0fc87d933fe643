// Adding documents: files are sent one after the other, and what happens to each is said.

import { Problem, counted, element } from "./dom.js";

const STAYS_MS = 12000; // a message of success; one of failure stays until it is closed
const STAGES = { reading: "Reading", embedding: "Indexing", writing: "Storing" };

const box = element("div", { id: "notices", role: "status", ariaLive: "polite" });
document.body.append(box);

let waiting = Promise.resolve();

// Add files, after those that are being added already. Calls `onAdded` if the corpus has changed.
export function add(files, { mostBytes, onAdded }) {
  const chosen = [...files];
  if (chosen.length) waiting = waiting.then(() => addAll(chosen, mostBytes, onAdded));
  return waiting;
}

export function notify(words, { failed = false } = {}) {
  const close = element("button", { type: "button", class: "dismiss", ariaLabel: "Close this message" }, "×");
  const shown = element("div", { class: failed ? "notice failed" : "notice" }, element("p", {}, words), close);
  close.addEventListener("click", () => shown.remove());
  box.append(shown);
  if (!failed) setTimeout(() => shown.remove(), STAYS_MS);
}

async function addAll(files, mostBytes, onAdded) {
  const words = element("p", {}, "");
  const bar = element("progress", { max: 1, value: 0, ariaLabel: "Progress" });
  const shown = element("div", { class: "notice adding" }, words, bar);
  box.append(shown);
  const added = [];
  for (const [at, file] of files.entries()) {
    const which = files.length > 1 ? ` (${at + 1} of ${files.length})` : "";
    words.textContent = `Adding ${file.name}${which}…`;
    bar.removeAttribute("value");
    const began = {}; // by stage: when it was first heard of, and how far it was
    const onProgress = (progress) => {
      began[progress.stage] ??= { at: performance.now(), done: progress.done };
      const told = pace(progress, began[progress.stage]);
      words.textContent = `Adding ${file.name}${which}: ${STAGES[progress.stage] ?? progress.stage} ${told}`;
      if (progress.total) bar.value = progress.done / progress.total;
    };
    try {
      added.push(...reported(await send(file, mostBytes, onProgress), file.name));
    } catch (problem) {
      notify(problem instanceof Problem ? problem.message : `${file.name} could not be sent.`, { failed: true });
    }
  }
  shown.remove();
  if (added.length) {
    notify(`Added ${added.join(", ")}. You can ask about ${added.length === 1 ? "it" : "them"} now.`);
  }
  onAdded();
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

function reported({ added, failures, notes }, name) {
  for (const { source, reason } of failures) notify(`${source} was not added. ${reason}`, { failed: true });
  for (const note of notes) notify(note);
  if (!added.length && !failures.length) notify(`${name} holds a document that is already here.`);
  return added;
}

async function send(file, mostBytes, onProgress) {
  if (file.size > mostBytes) {
    throw new Problem(`${file.name} is larger than the ${counted(mostBytes, "byte")} that are read. Split it.`);
  }
  const response = await fetch(`/documents?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    throw new Problem(answer.error ?? `${file.name} was not added.`);
  }
  let outcome = { error: "The program stopped meanwhile. Try again." };
  for await (const line of lines(response.body)) {
    if (line.progress) onProgress(line.progress);
    else outcome = line;
  }
  if (outcome.error) throw new Problem(`${file.name} was not added. ${outcome.error}`);
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
