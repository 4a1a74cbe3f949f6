// The command palette: Ctrl+K or Cmd+K opens it; a combobox whose list the server fills. It tells the server which pages
// this browser had open lately, so that they come first.

const dialog = document.getElementById("palette");
const form = document.getElementById("palette-form");
const input = document.getElementById("palette-text");
const MOST_RECENT = 12;
const KEY = `wf-recent ${location.pathname.split("/").slice(0, 3).join("/")}`;

const options = () => [...dialog.querySelectorAll("[role=option]")];
const chosen = () => dialog.querySelector('[role=option][aria-selected="true"]');

function recent() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

// The page that is open is no place to go to; it comes first the next time.
function remember() {
  const kept = recent().filter((path) => path !== location.pathname);
  document.getElementById("palette-recent").value = kept.join(" ");
  try {
    localStorage.setItem(KEY, JSON.stringify([location.pathname, ...kept].slice(0, MOST_RECENT)));
  } catch {
    // A browser that keeps nothing has nothing recent.
  }
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function move(by) {
  const all = options();
  const here = all.indexOf(chosen());
  choose(all[(here + by + all.length) % all.length]);
}

function ask() {
  if (dialog.open) form.dispatchEvent(new CustomEvent("wf:palette"));
}

function open() {
  if (document.querySelector("dialog[open]")) return;
  input.value = "";
  dialog.showModal();
  input.focus();
  ask();
}

const KEYS = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  PageDown: () => move(5),
  PageUp: () => move(-5),
  Enter: () => chosen()?.click(),
  Escape: () => dialog.close(), // a search field would only be emptied
};

if (dialog) {
  remember();
  if (/Mac|iPhone|iPad/.test(navigator.platform)) document.querySelectorAll("[data-palette-hint]").forEach((el) => { el.textContent = "⌘K"; });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
  });
  input.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.isComposing) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  // htmx takes the form up in a task of its own, after the page is loaded: fingers may be faster than that.
  form.addEventListener("htmx:after:init", ask);
  // Whatever was chosen acts on the page below; the dialog leaves first.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[role=option]")) dialog.close();
  }, { capture: true });
  dialog.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  // Ids are given here: those of an answer that the next one repeats would keep the old one's attributes.
  new MutationObserver(() => {
    options().forEach((option, place) => { option.id = `palette-${place}`; });
    choose(options()[0]);
  }).observe(dialog, { childList: true });
}
