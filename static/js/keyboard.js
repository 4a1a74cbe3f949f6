// Keys: j k Enter x on rows, / ? n K Space, g then a letter, Esc. Off where one types, and by the setting data-keys="off".
// Any element with data-key="x" is pressed by that key: of several the first one in sight, but of notes the newest, since
// its Undo is the one that is meant. Within the focused row first one with data-row-key="x"; data-go="r" by g, then r.

const GO_MS = 1_500;
let going = 0;

const visible = (el) => el.getClientRects().length > 0;
const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")].filter(visible);
const current = () => document.activeElement?.closest?.("[data-row]") ?? null;
const typing = (el) => el.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]") !== null;

function move(by) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(current());
  const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// A page may show the row in its own way first.
function openRow(row) {
  if (!row.dispatchEvent(new CustomEvent("wf:open", { bubbles: true, cancelable: true }))) return;
  const href = row.dataset.href;
  const link = row.querySelector("a[data-open]") ?? [...row.querySelectorAll("a[href]")].find((a) => a.getAttribute("href") === href);
  if (link) link.click();
  else if (href) location.assign(href);
}

function press(key, attribute) {
  const all = [...document.querySelectorAll(`[${attribute}="${CSS.escape(key)}"]`)].filter((each) => !each.hidden);
  // What stands in a closed menu, or has no room on a narrow window, has its key all the same.
  const el = all.findLast((each) => each.closest("[data-toast]")) ?? all.find(visible) ?? all[0];
  el?.click();
  return Boolean(el);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector("input[type=checkbox]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  g: () => { going = Date.now(); },
};

function act(event) {
  const { key, target } = event;
  if (Date.now() - going < GO_MS && key !== "g") {
    going = 0;
    return press(key, "data-go");
  }
  if (key === "Enter") {
    if (!target.matches("[data-row]")) return false;
    openRow(target);
    return true;
  }
  if (key === " ") {
    if (target.closest("button, a, summary, input, [role=button]")) return false;
    const pause = document.querySelector("[data-pause]:not([hidden])");
    pause?.click();
    return Boolean(pause);
  }
  if (KEYS[key]) {
    KEYS[key]();
    return true;
  }
  return pressInRow(key) || press(key, "data-key");
}

function pressInRow(key) {
  const el = current()?.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
  el?.click();
  return Boolean(el);
}

// What the help says is true of this page: keys that would do nothing here are left out, those of its buttons are added.
function tellKeys(help) {
  for (const pair of help.querySelectorAll("[data-needs]")) pair.hidden = !document.querySelector(pair.dataset.needs);
  const own = [...document.querySelectorAll("main [data-key]")].filter((el) => visible(el) && el.dataset.key !== "n");
  help.querySelector("[data-own-keys]").replaceChildren(...own.flatMap((el) => {
    const [term, told, key] = ["dt", "dd", "kbd"].map((tag) => document.createElement(tag));
    key.textContent = el.dataset.key;
    term.append(key);
    told.textContent = words(el);
    return [term, told];
  }));
}

function words(el) {
  const copy = el.cloneNode(true);
  copy.querySelectorAll("kbd, svg").forEach((part) => part.remove());
  return (el.getAttribute("aria-label") ?? copy.textContent).replace(/\s+/g, " ").trim();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    if (typing(event.target) || current()) document.activeElement.blur();
    return;
  }
  if (document.documentElement.dataset.keys === "off" || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (act(event)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-dialog-open="keys-help"]')) tellKeys(document.getElementById("keys-help"));
}, { capture: true });

// A click on a row opens it, unless it was meant for something in it or marks text.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || event.target.closest("a, button, input, label, summary, time, form")) return;
  if (window.getSelection()?.toString()) return;
  row.focus({ preventScroll: true });
  if (matchMedia("(min-width: 641px)").matches || row.closest("[data-follow]")) openRow(row);
});
