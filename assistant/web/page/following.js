// What changes in the folder of documents while the page is open: said once, and shown in the list.

import { notify } from "./adding.js";
import { request } from "./dom.js";

const EVERY_MS = 2000;

// Calls `onChange` whenever the documents are others than before, whoever changed them.
export function follow(onChange) {
  let revision, last;
  const look = async () => {
    if (document.hidden) return;
    let news;
    try {
      news = await request(last === undefined ? "/changes" : `/changes?after=${last}`);
    } catch {
      return; // the program has ended or is starting again; whoever asks something is told
    }
    for (const { words, failed } of news.said) notify(words, { failed });
    if (revision !== undefined && news.revision !== revision) onChange();
    ({ revision, last } = news);
  };
  look();
  setInterval(look, EVERY_MS);
}
