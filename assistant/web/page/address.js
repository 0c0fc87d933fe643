// The box for the address of a web page, beside the button for files.

import { element } from "./dom.js";

// `onAdd` gets what was typed, and promises whether it was added; if not, it stays to be corrected.
export function addressBox(onAdd) {
  const box = element("input", {
    type: "text", inputMode: "url", enterKeyHint: "go", class: "filter", id: "address", required: true,
    placeholder: "Address of a web page", ariaLabel: "Address of a web page",
    autocomplete: "off", autocapitalize: "off", spellcheck: false,
  });
  const submit = async (event) => {
    event.preventDefault();
    const typed = box.value;
    if ((await onAdd(typed)) && box.value === typed) box.value = "";
  };
  return element("form", { class: "page-form", onsubmit: submit }, box, element("button", { class: "more" }, "Add page"));
}
