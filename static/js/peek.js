// The side peek of the runs list: Enter or a click shows a run beside the list, j and k move it along, Esc closes it,
// Enter again or o opens the run. On a phone there is no room beside the list: a tap on a card leads to the run.

const PHONE = matchMedia("(max-width: 640px)");
const SETTLE_MS = 120;
const FRESH_MS = 2_000;
const panel = () => document.getElementById("peek");
const rowOf = (el) => el?.closest?.("[data-rows] [data-row][data-peek]") ?? null;
const shown = () => panel()?.dataset.run || null;
const typing = (el) => el.closest("input:not([type=checkbox]), textarea, select") !== null;

let asked = null;
let timer = 0;
let seen = "";

const trace = (row) => (row ? `${row.dataset.state} ${row.textContent.replace(/\s+/g, " ")}` : "");

function mark() {
  const id = shown();
  for (const row of document.querySelectorAll("[data-peeked]")) if (row.id !== `r-${id}`) row.removeAttribute("data-peeked");
  if (id) document.getElementById(`r-${id}`)?.setAttribute("data-peeked", "");
  document.getElementById("runs-body")?.toggleAttribute("data-peeking", Boolean(id));
}

async function show(row) {
  const aside = panel();
  const id = row.id.slice(2);
  asked?.abort();
  asked = new AbortController();
  aside.dataset.run = id;
  aside.hidden = false;
  seen = trace(row);
  mark();
  row.scrollIntoView({ block: "nearest" });
  try {
    const answer = await fetch(row.dataset.peek, { signal: asked.signal, headers: { "HX-Request": "true" } });
    if (answer.headers.get("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
    if (!answer.ok) throw new Error(String(answer.status));
    aside.innerHTML = await answer.text();
    window.htmx?.process(aside);
  } catch (error) {
    if (error.name !== "AbortError") aside.textContent = "This run could not be read. Open its page, or try again.";
  }
  return undefined;
}

function close() {
  const id = shown();
  const aside = panel();
  if (!id) return;
  asked?.abort();
  aside.hidden = true;
  aside.dataset.run = "";
  aside.replaceChildren();
  mark();
  document.getElementById(`r-${id}`)?.focus({ preventScroll: true });
}

// keyboard.js asks before it opens a row.
document.addEventListener("wf:open", (event) => {
  const row = rowOf(event.target);
  if (!row || !panel() || PHONE.matches || shown() === row.id.slice(2)) return;
  event.preventDefault();
  show(row);
});

document.addEventListener("focusin", (event) => {
  const row = event.target.matches("[data-row]") ? rowOf(event.target) : null;
  if (!row || !shown() || shown() === row.id.slice(2)) return;
  clearTimeout(timer);
  timer = setTimeout(() => shown() && show(row), SETTLE_MS);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-peek-close]")) return close();
  const row = rowOf(event.target);
  if (row && PHONE.matches && !event.target.closest("a, button, input, label")) location.assign(row.dataset.href);
  return undefined;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && shown() && !typing(event.target)) {
    event.preventDefault();
    close();
    return;
  }
  if (event.key !== "K" || document.documentElement.dataset.keys === "off" || typing(event.target)) return;
  const kill = rowOf(event.target)?.querySelector("[data-row-kill]:not([hidden])");
  if (!kill) return;
  event.preventDefault();
  kill.click();
}, true);

// The row says when its run has moved; the panel is then read again, unless a person is in it.
let readAt = 0;
function keepFresh() {
  mark();
  const row = shown() && document.getElementById(`r-${shown()}`);
  if (!row || trace(row) === seen || Date.now() - readAt < FRESH_MS || panel().contains(document.activeElement)) return;
  readAt = Date.now();
  show(row);
}
for (const name of ["wf:ops", "htmx:after:swap"]) document.addEventListener(name, keepFresh);
