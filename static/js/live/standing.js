// How the page stands, as it says it: the chip in the top bar, the banner, frozen figures, the mark and the title of its tab.

const NEEDS_ONE = ["nav-count-v", "nav-count-b"]; // calls and effects that wait, budgets that have passed a threshold
const TONES = { live: "ok", behind: "warn", paused: "warn" };
const REFUSED = {
  "signed-out": "You are signed out. The page is frozen; sign in and it goes on.",
  "no-access": "You can no longer see this. The page is frozen.",
};

const byId = (id) => document.getElementById(id);
const root = document.documentElement;
const local = () => root.dataset.time === "local";
const clockTime = (ms) => new Date(ms - (local() ? new Date(ms).getTimezoneOffset() * 60_000 : 0)).toISOString().slice(11, 19);

export function say(state, words) {
  root.dataset.live = state;
  const chip = byId("live-chip");
  if (chip) {
    chip.dataset.tone = TONES[state] ?? "bad";
    chip.toggleAttribute("data-long", words !== "live");
    if (chip.textContent !== words) chip.textContent = words;
  }
  mark();
}

// In a tab that nobody looks at, the title says how many things wait for a person: "(2) Runs".
function titled() {
  const waiting = NEEDS_ONE.reduce((sum, id) => sum + (Number.parseInt(byId(id)?.textContent, 10) || 0), 0);
  const bare = document.title.replace(/^\(\d+\) /, "");
  const title = waiting ? `(${waiting}) ${bare}` : bare;
  if (document.title !== title) document.title = title;
}

export function mark() {
  const waits = document.querySelector('[data-state^="waiting"], [data-state="paused_budget"]');
  root.toggleAttribute("data-attention", Boolean(waits));
  const lost = root.dataset.live === "lost" || root.dataset.live === "signed-out";
  const state = lost ? "lost" : waits ? "attention" : "calm";
  titled();
  const icon = document.querySelector("link[data-mark-calm]");
  const href = icon?.getAttribute(`data-mark-${state}`);
  if (icon && href && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function freeze(at) {
  document.querySelectorAll("[data-frozen]").forEach((el) => el.setAttribute("data-frozen", at));
}

// Nothing more is heard since that moment; refused says why, when the server has said it.
export function lose(host, ms, refused) {
  const at = clockTime(ms);
  freeze(at);
  say(refused === "signed-out" ? "signed-out" : "lost", refused ? refused.replace("-", " ") : `lost ${at}`);
  banner(host, at, refused);
}

export function regain(host) {
  host.querySelector(".lost")?.remove();
  freeze("");
}

function banner(host, at, refused) {
  const box = host.querySelector(".lost") ?? host.appendChild(lostBanner());
  const [text, signIn, retry] = [box.querySelector("span"), box.querySelector("a"), box.querySelector("button")];
  signIn.hidden = refused !== "signed-out";
  retry.hidden = Boolean(refused);
  signIn.href = `/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`;
  const line = REFUSED[refused] ?? `Connection lost ${at} ${local() ? "local" : "UTC"}. The figures are frozen; what is missed will follow.`;
  if (text.textContent !== line) text.textContent = line;
}

function lostBanner() {
  const made = document.createElement("template");
  made.innerHTML = `<div class="lost" role="alert"><span></span><a class="button small" target="_blank">Sign in</a>
    <button type="button" class="button small" data-retry>Try now</button></div>`;
  return made.content.firstElementChild;
}
