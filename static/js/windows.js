// A long trace is read in windows: the one before comes as one scrolls up, the one after as one scrolls down, and far
// ones go again. A row with data-cut begins a window: all above it is before event data-cut.

import { steadily } from "./steady.js";

const NEAR_PX = 1_200;
const MOST_ROWS = 900;
const AGAIN_MS = 2_000;
const byId = (id) => document.getElementById(id);
const boxOf = () => document.querySelector("#run-trace[data-show=''] [data-follow]");
const numberIn = (link, name) => Number(new URL(link.href).searchParams.get(name));
let loading = false;
let failedAt = 0;

const shown = (box) => [...box.children].filter((row) => row.getClientRects().length);
const searched = () => new URLSearchParams(location.search).get("q");
const usable = (link) => link && link.getAttribute("href") && !link.hidden && !link.closest("[hidden]");

async function read(link) {
  try {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch { /* said below */ }
  failedAt = Date.now();
  return null;
}

function point(link, href) {
  if (!link) return;
  (link.closest("#trace-later-line") ?? link).hidden = !href;
  link.setAttribute("href", href || "?");
  link.setAttribute("hx-get", href || "?");
  window.htmx.process(link);
}

function say(first, last) {
  const words = document.querySelector("#trace-place > .dim");
  const ends = (text) => /^\s*turns?\s+([\d,]+) to (.+?)\s*$/.exec(text ?? "");
  const [now, other] = [ends(words?.textContent), ends((first ?? last)?.querySelector("#trace-place > .dim")?.textContent)];
  if (now && other) words.textContent = `turns ${first ? other[1] : now[1]} to ${last ? other[2] : now[2]}`;
}

function dropEnd(box) {
  const cuts = [...box.querySelectorAll("[data-cut]")];
  const cut = box.children.length > MOST_ROWS && cuts.findLast((row) => row.getBoundingClientRect().top > innerHeight + NEAR_PX);
  if (!cut) return;
  while (cut.nextElementSibling) cut.nextElementSibling.remove();
  point(byId("trace-later"), `?after=${Number(cut.dataset.cut) - 1}`);
  cut.remove();
  box.id = "trace-part";
}

function dropStart(box) {
  const cut = box.children.length > MOST_ROWS && [...box.querySelectorAll("[data-cut]")].find((row) => row.getBoundingClientRect().bottom < -NEAR_PX);
  if (!cut) return;
  while (cut.previousElementSibling) cut.previousElementSibling.remove();
  point(byId("trace-earlier"), `?before=${cut.dataset.cut}`);
  box.dataset.fromMs = cut.querySelector("rect.bar")?.dataset.atMs ?? box.dataset.fromMs;
  delete cut.dataset.cut;
}

function rowsOf(page) {
  return [...(page.querySelector("[data-follow]")?.children ?? [])].filter((row) => !byId(row.id)).map((row) => document.adoptNode(row));
}

async function earlier(box, link) {
  const [cut, page] = [numberIn(link, "before"), await read(link)];
  if (!page || !box.isConnected || numberIn(link, "before") !== cut) return;
  const rows = rowsOf(page);
  steadily(box, () => {
    box.firstElementChild.dataset.cut = cut;
    box.prepend(...rows);
    dropEnd(box);
  });
  box.dataset.fromMs = page.querySelector("[data-follow]").dataset.fromMs;
  point(link, page.getElementById("trace-earlier")?.getAttribute("href"));
  say(page, null);
  settled(rows);
}

// The newest window goes on live from the event up to which it was read.
async function later(box, link) {
  const [after, page] = [numberIn(link, "after"), await read(link)];
  if (!page || !box.isConnected || numberIn(link, "after") !== after) return;
  const [rows, newest] = [rowsOf(page), page.getElementById("trace-rows")];
  steadily(box, () => {
    if (rows.length) rows[0].dataset.cut = after + 1;
    box.append(...rows);
    dropStart(box);
  });
  const more = page.getElementById("trace-later");
  point(link, newest || !usable(more) ? "" : more.getAttribute("href"));
  say(null, page);
  if (newest) {
    box.id = "trace-rows";
    const place = page.querySelector("[data-read-seq]").dataset;
    document.dispatchEvent(new CustomEvent("wf:read", { detail: { epoch: place.readEpoch, seq: Number(place.readSeq) } }));
  }
  settled(rows);
}

function settled(rows) {
  rows.forEach((row) => window.htmx.process(row));
  document.dispatchEvent(new CustomEvent("wf:ops", { detail: { appended: [] } }));
}

async function look(up) {
  const box = boxOf();
  if (loading || !box || !shown(box).length || searched() || Date.now() - failedAt < AGAIN_MS) return;
  const [before, after] = [byId("trace-earlier"), byId("trace-later")];
  loading = true;
  try {
    if (up && usable(before) && shown(box)[0].getBoundingClientRect().top > -NEAR_PX) await earlier(box, before);
    else if (!up && usable(after) && shown(box).at(-1).getBoundingClientRect().bottom < innerHeight + NEAR_PX) await later(box, after);
  } finally {
    loading = false;
  }
}

let last = scrollY;
addEventListener("scroll", () => {
  const up = scrollY < last;
  if (scrollY !== last) look(up);
  last = scrollY;
}, { passive: true });
addEventListener("wheel", (event) => { if (event.deltaY) look(event.deltaY < 0); }, { passive: true });
addEventListener("keydown", (event) => { if (["k", "PageUp", "Home", "ArrowUp"].includes(event.key)) look(true); });
