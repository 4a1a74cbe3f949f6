// Times: "1m 34s" that goes on counting, the absolute time for hover, focus and touch, the clock in the bar; all in UTC or
// in local time, as is set.

let skew = 0;
document.addEventListener("wf:clock", (event) => { skew = event.detail.skew; });

const two = (number) => String(number).padStart(2, "0");

// The same words as console.live.figures.age.
function age(seconds) {
  seconds = Math.max(0, Math.floor(seconds));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86400)}d ${two(Math.floor((seconds % 86400) / 3600))}h`;
}

function absolute(at) {
  if (document.documentElement.dataset.time !== "local") return `${at.toISOString().replace("T", " ").slice(0, 23)} UTC`;
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return `${shifted.toISOString().replace("T", " ").slice(0, 23)} local`;
}

// The same parts as console.live.figures.MOMENTS.
const SHOWN = {
  at: (words) => words,
  minute: (words) => `${words.slice(0, 16)} ${words.slice(24)}`,
  day: (words) => words.slice(0, 10),
  clock: (words) => words.slice(11, 16),
};

function set(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

function tick() {
  if (document.hidden) return;
  const now = Date.now() + skew;
  for (const el of document.querySelectorAll("time[datetime][data-rel]")) {
    const at = new Date(el.getAttribute("datetime"));
    if (Number.isNaN(at.getTime())) continue;
    const words = absolute(at);
    if (el.dataset.abs !== words) el.dataset.abs = words;
    if (SHOWN[el.dataset.rel]) set(el, SHOWN[el.dataset.rel](words));
    if (document.documentElement.dataset.live === "lost") continue;
    if (el.dataset.rel === "ago") set(el, age((now - at) / 1000));
    if (el.dataset.rel === "until") set(el, at > now ? age((at - now) / 1000) : "now");
  }
  const clock = document.querySelector("[data-clock]");
  if (clock) set(clock, absolute(new Date(now)).replace(/^\S+ (\S+)\.\d+ /, "$1 "));
}

document.addEventListener("wf:ops", tick);
document.addEventListener("wf:settings", tick);
document.addEventListener("visibilitychange", tick);
// A finger has neither hover nor focus: a tap shows the absolute time until the next one.
document.addEventListener("click", (event) => {
  for (const el of document.querySelectorAll("time[data-shown]")) delete el.dataset.shown;
  const time = event.target.closest("time[data-abs]");
  if (time && matchMedia("(hover: none)").matches) time.dataset.shown = "";
});

setInterval(tick, 1_000);
tick();
