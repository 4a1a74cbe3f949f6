// What the LLM is writing, under its row and in the step's panel, until the step is recorded: wf:text {span, attempt, at, text}.
// Hostile text: it is only ever put into text nodes. A text whose beginning is not known begins with "…".

const MOST = 8_000;
const NONE = { span: "", attempt: 0, at: 0, text: "" };
const byId = (id) => document.getElementById(id);
let known = NONE;
let announced = "";

function take(piece) {
  if (piece.span !== known.span || piece.attempt !== known.attempt) known = piece;
  else if (piece.at < known.at || piece.at > known.at + known.text.length) known = piece;
  else known = { ...known, text: known.text.slice(0, piece.at - known.at) + piece.text };
  const dropped = Math.max(0, known.text.length - MOST);
  known = { ...known, at: known.at + dropped, text: known.text.slice(dropped) };
}

// Only while its step is open and shown: what a filter or another window hides has no text either.
function rowOfIt() {
  const bar = byId(`s-${known.span}-bar`);
  const row = bar?.closest("[data-row]");
  return bar?.hasAttribute("data-open") && row.getClientRects().length ? row : null;
}

function blockUnder(row) {
  const id = `s-${known.span}-text`;
  const there = byId(id);
  if (there && row.nextElementSibling?.contains(there)) return there;
  there?.closest("tr").remove();
  const made = document.createElement("template");
  made.innerHTML = `<tr class="trace-text"><td></td><td colspan="6"><div class="written" data-written tabindex="0" role="region" aria-label="What the LLM is writing"></div></td></tr>`;
  const line = made.content.firstElementChild;
  const block = line.querySelector("[data-written]");
  block.id = id;
  block.dataset.written = known.span;
  row.after(line);
  return block;
}

// What is selected in it stays selected: the same text node grows. Whoever has scrolled up in it stays there.
function put(block) {
  const text = (known.at ? "…" : "") + known.text;
  const node = block.firstChild ?? block.appendChild(document.createTextNode(""));
  if (node.data === text) return;
  const atEnd = block.scrollTop + block.clientHeight >= block.scrollHeight - 8;
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
  if (atEnd) block.scrollTop = block.scrollHeight;
}

// Once a call, and not at every word.
function announce(row) {
  const call = `${known.span} ${known.attempt}`;
  if (announced === call) return;
  announced = call;
  let said = byId("writing-status");
  if (!said) {
    said = Object.assign(document.createElement("p"), { id: "writing-status", className: "sr-only" });
    said.setAttribute("aria-live", "polite");
    document.body.append(said);
  }
  said.textContent = `${row.querySelector(".step-title")?.textContent.trim() ?? "The LLM"} is writing.`;
}

function show() {
  if (document.documentElement.dataset.live === "paused") return;
  if (known.span && byId(`s-${known.span}-bar`)?.hasAttribute("data-open") === false) known = NONE;
  const row = known.text ? rowOfIt() : null;
  for (const line of document.querySelectorAll(".trace-text")) {
    if (!row || line.previousElementSibling !== row) line.remove();
  }
  if (row) {
    blockUnder(row);
    announce(row);
  }
  for (const block of document.querySelectorAll(`[data-written="${CSS.escape(known.span)}"]`)) if (known.text) put(block);
  if (row) document.dispatchEvent(new CustomEvent("wf:grown", { detail: { grown: row.nextElementSibling } }));
}

// The panel of a step that was being written is read again when the step is recorded.
function finishPanel() {
  const panel = document.querySelector("#step [data-written]");
  const span = panel?.dataset.written;
  if (!span || byId(`s-${span}-bar`)?.hasAttribute("data-open") !== false) return;
  panel.removeAttribute("data-written");
  const headers = { "HX-Target": "section#step" };
  window.htmx.ajax("GET", `?step=${encodeURIComponent(span)}`, { target: "#step", swap: "innerHTML", headers });
}

document.addEventListener("wf:text", (event) => { take(event.detail); show(); });
document.addEventListener("wf:ops", () => { show(); finishPanel(); });
document.addEventListener("htmx:after:swap", show);
