// Small manners of every page: copying, dialogs, menus, settings, toasts, what to say when a request fails.

const root = document.documentElement;
const YEAR = 31_536_000;
const TOAST_MS = 8_000;

// Copy -----------------------------------------------------------------------------------------------

async function copy(button) {
  const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return toast("The browser did not allow copying.", "warn");
  }
  button.dataset.done = "";
  setTimeout(() => delete button.dataset.done, 1_200);
  return toast("Copied.", "ok", 1_500);
}

// Settings: a cookie, so that the server paints the next page alike --------------------------------------

function choose(button) {
  const { setting } = button.dataset;
  const { value } = button;
  document.cookie = `wf_${setting}=${value}; path=/; max-age=${value ? YEAR : 0}; samesite=lax`;
  if (value) root.dataset[setting] = value;
  else delete root.dataset[setting];
  showSettings();
  document.dispatchEvent(new CustomEvent("wf:settings"));
}

function showSettings() {
  for (const button of document.querySelectorAll("[data-setting]")) {
    button.setAttribute("aria-pressed", String((root.dataset[button.dataset.setting] ?? "") === button.value));
  }
}

// Dialogs: one may be in the page, or come into #dialog as the answer to a request -----------------------

function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
  const first = dialog?.querySelector("[autofocus], [aria-invalid=true]");
  first?.focus();
}

document.addEventListener("htmx:after:swap", (event) => {
  const dialog = document.getElementById("dialog");
  const target = event.detail?.ctx?.target;
  if (target !== dialog && target !== "#dialog" && target?.id !== "dialog") return focusFirst();
  if (!dialog.textContent.trim()) {
    document.dispatchEvent(new CustomEvent("wf:changed"));
    return dialog.close();
  }
  const title = dialog.querySelector("h2");
  if (title) dialog.setAttribute("aria-label", title.textContent);
  return open(dialog);
});

function focusFirst() {
  document.querySelector("[data-focus]:not([data-focused])")?.focus();
  document.querySelectorAll("[data-focus]").forEach((el) => { el.dataset.focused = ""; });
}

// Toasts -----------------------------------------------------------------------------------------------

function toast(words, tone, ms = TOAST_MS) {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.tone = tone;
  box.dataset.toast = String(ms);
  box.textContent = words;
  document.getElementById("toasts")?.append(box);
}

function retire(box) {
  const ms = Number(box.dataset.toast) || TOAST_MS;
  setTimeout(() => (box.matches(":hover, :focus-within") ? retire(box) : box.remove()), ms);
}

const toasts = document.getElementById("toasts");
if (toasts) {
  toasts.querySelectorAll("[data-toast]").forEach(retire);
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.("[data-toast]"));
    // Two readings of a page at once are both told of the same.
    for (const box of added) for (const older of toasts.children) if (older !== box && older.textContent === box.textContent) older.remove();
    added.forEach(retire);
  }).observe(toasts, { childList: true });
}

// Whoever takes something back is answered by another note.
document.addEventListener("submit", (event) => {
  const box = event.target.closest("[data-toast]");
  if (box) document.addEventListener("htmx:after:swap", () => box.remove(), { once: true });
});

const SAID = {
  401: "You are signed out. Sign in, then try again.",
  403: "You may not do this.",
  404: "That is not here any more.",
};
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail?.ctx?.response?.status;
  if (status >= 500) toast("The server could not do this. Nothing was changed; try again.", "bad");
  else if (SAID[status]) toast(SAID[status], "bad");
});
document.addEventListener("htmx:error", () => toast("The server cannot be reached. Nothing was changed.", "bad"));

// The launch page: an example chooses its agent and fills in the task; whatever else was typed stays ----------

function fillExample(link) {
  const agent = document.querySelector(`input[name="agent"][value="${CSS.escape(link.dataset.exampleOf)}"]`);
  const task = document.getElementById("id_task");
  if (!agent || !task) return false;
  agent.checked = true;
  task.value = link.dataset.example;
  agent.dispatchEvent(new Event("change", { bubbles: true }));
  task.focus();
  return true;
}

// Clicks -----------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  const copying = at("[data-copy], [data-copy-from]");
  if (copying) copy(copying);
  const example = at("[data-example-of]");
  if (example && !event.ctrlKey && !event.metaKey && fillExample(example)) event.preventDefault();
  if (at("[data-setting]")) choose(at("[data-setting]"));
  if (at("[data-toast-close]")) at("[data-toast]")?.remove();
  if (at("[data-dialog-open]")) open(document.getElementById(at("[data-dialog-open]").dataset.dialogOpen));
  if (at("[data-dialog-close]")) at("dialog")?.close();
});

// htmx takes its buttons up in a task of its own, after the page is there: who is faster than that is served then.
document.addEventListener("click", (event) => {
  const early = event.target.closest("button[hx-get]:not([data-htmx-powered])");
  if (early && window.htmx) early.addEventListener("htmx:after:init", () => early.click(), { once: true });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

showSettings();
focusFirst();
