// The server keeps the conversation of this tab under this key, which Gradio sends along from the address.
// A key that did not come from this tab, in a link say, is replaced: its sender could read along.
{
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0"));
  const key = sessionStorage.getItem("chat") ?? random().join("");
  sessionStorage.setItem("chat", key);
  const address = new URL(location.href);
  address.searchParams.set("chat", key);
  history.replaceState(history.state, "", address);
}
