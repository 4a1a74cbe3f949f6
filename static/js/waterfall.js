// The waterfall: all lanes share one axis, which grows in steps as time goes on; bars of open spans grow.
// <tbody data-follow data-first-at="..."> holds rows with rect.bar[data-at-ms][data-ms | data-open].
// Follow mode: at the bottom new steps scroll into view; further up they are counted on a button.

import { steadily } from "./steady.js";

const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const [MOST_ROWS, TOO_MANY_ROWS, KEPT_ROWS] = [1_000, 1_080, 400];
const SVG = "http://www.w3.org/2000/svg";
let skew = 0;
let waiting = 0;
document.addEventListener("wf:clock", (event) => { skew = event.detail.skew; });

function roof(ms) {
  const power = 10 ** Math.floor(Math.log10(Math.max(ms, 1000)));
  return STEPS.map((step) => step * power).find((each) => each >= ms) ?? 10 * power;
}

function words(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m ${two((ms % 60_000) / 1000)}s`;
  return `${Math.floor(ms / 3_600_000)}h ${two((ms % 3_600_000) / 60_000)}m`;
}

function put(el, name, value) {
  if (el.getAttribute(name) !== value) el.setAttribute(name, value);
}

function drawAxis(svg, from, total) {
  if (svg.dataset.drawn === `${from} ${total}`) return;
  svg.dataset.drawn = `${from} ${total}`;
  const marks = [0, 0.25, 0.5, 0.75].map((part) => {
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("x", `${part * 100}%`);
    text.setAttribute("y", "12");
    const at = from + total * part;
    text.textContent = at === 0 ? "0" : words(at).replace(".0 ", " ");
    return text;
  });
  svg.replaceChildren(...marks);
}

function draw() {
  const box = document.querySelector("[data-follow]");
  if (!box || document.hidden) return false;
  const frozen = document.documentElement.dataset.live === "lost";
  const bars = [...box.querySelectorAll("rect.bar")].map((el) => ({ el, at: Number(el.dataset.atMs), open: el.hasAttribute("data-open") }));
  const started = Date.parse(box.dataset.firstAt ?? "");
  const now = Number.isNaN(started) ? 0 : Date.now() + skew - started;
  for (const bar of bars) bar.ms = bar.open ? Math.max(0, now - bar.at) : Number(bar.el.dataset.ms) || 0;
  if (frozen) return true;
  const from = Number(box.dataset.fromMs) || 0;
  const total = roof(Math.max(1000, ...bars.map((bar) => bar.at - from + bar.ms)));
  document.querySelectorAll("[data-axis]").forEach((svg) => drawAxis(svg, from, total));
  for (const bar of bars) {
    put(bar.el, "x", `${(((bar.at - from) / total) * 100).toFixed(3)}%`);
    put(bar.el, "width", `${Math.max(0.35, (bar.ms / total) * 100).toFixed(3)}%`);
    if (bar.open && now) {
      const cell = document.getElementById(bar.el.id.replace(/-bar$/, "-dur"));
      if (cell) cell.textContent = words(bar.ms);
    }
  }
  return bars.some((bar) => bar.open);
}

// Follow mode ----------------------------------------------------------------------------------------

let atBottom = true;
const more = document.createElement("button");
more.type = "button";
more.className = "button pill low";
more.dataset.key = "n";
more.hidden = true;
more.addEventListener("click", () => {
  const all = shown();
  all.at(-1)?.scrollIntoView({ block: "center" });
  settle();
});

const shown = () => [...document.querySelectorAll("[data-follow] > [data-row]")].filter((row) => row.getClientRects().length);

function settle() {
  const last = shown().at(-1);
  atBottom = !last || last.getBoundingClientRect().bottom <= innerHeight + 8;
  if (atBottom) waiting = 0;
  more.hidden = waiting === 0;
}

// A run may go on for days: while one follows, rows that are far above go; "Earlier steps" leads to them. They go in a
// frame of their own: with rows that come in the same one, those in view would be painted elsewhere at once. A page so
// slow that rows come in each of its frames lets them go all the same.
let trimming = 0;
function trimSoon(box) {
  cancelAnimationFrame(trimming);
  if (document.hidden || box.children.length > TOO_MANY_ROWS) trim(box);
  else trimming = requestAnimationFrame(() => { trimming = requestAnimationFrame(() => { if (atBottom && box.isConnected) trim(box); }); });
}

function trim(box) {
  const old = [...box.children].slice(0, -KEPT_ROWS);
  const earlier = document.getElementById("trace-earlier");
  if (box.children.length < MOST_ROWS || !earlier) return;
  steadily(box, () => {
    old.forEach((row) => row.remove());
    document.getElementById("trace-place").hidden = false;
  });
  const first = box.firstElementChild;
  earlier.href = `?before=${first.dataset.seq}`;
  earlier.setAttribute("hx-get", earlier.getAttribute("href"));
  box.dataset.fromMs = first.querySelector("rect.bar").dataset.atMs;
}

// What is being written grows under the last row.
function grown(line) {
  if (atBottom && !line.nextElementSibling) line.scrollIntoView({ block: "nearest" });
  settle();
}

function follow(appended) {
  const steps = appended.filter((row) => row.matches("[data-follow] > [data-row]") && row.getClientRects().length);
  if (!steps.length) return;
  if (atBottom) {
    steps.at(-1).scrollIntoView({ block: "nearest" });
    trimSoon(steps[0].parentElement);
  } else {
    waiting += steps.length;
    more.textContent = `${waiting} new ${waiting === 1 ? "step" : "steps"} · show (n)`;
  }
  settle();
}

let timer = null;
function turn() {
  clearTimeout(timer);
  if (draw()) timer = setTimeout(turn, matchMedia("(prefers-reduced-motion: reduce)").matches ? 2_000 : 250);
}

if (document.querySelector("[data-follow]")) {
  document.body.append(more);
  document.addEventListener("wf:ops", (event) => { turn(); follow(event.detail.appended); });
  document.addEventListener("wf:grown", (event) => grown(event.detail.grown));
  document.addEventListener("visibilitychange", turn);
  document.addEventListener("htmx:after:swap", turn);
  addEventListener("scroll", settle, { passive: true });
  addEventListener("resize", settle, { passive: true });
  turn();
  // The newest step of a long run that still works is what its page is opened for, where the panel beside it stays in view.
  if (document.querySelector("[data-at-end]") && innerWidth > 1080) shown().at(-1)?.scrollIntoView({ block: "end" });
  settle();
}
