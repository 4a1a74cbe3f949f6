// Regions: parts of the page that are read again from its own address; what a person does within them goes on.

import { replaceRegion } from "../region.js";
import { keepBack } from "./pills.js";

const REREAD_GAP_MS = { state: 700, figures: 5_000 };
const HIDDEN_REREAD_MS = 15_000;
const REREAD_MS = 2_000;
// "*": all. "state": all but the one with the trace, which is kept by ops. "figures": sums over many runs.
const REGIONS = {
  "*": "[data-live-region]",
  state: "[data-live-region]:not(:has([data-follow]))",
  figures: '[data-live-region="figures"]',
};

export class Regions {
  // shown(which, read) is called when they are there; read is the cursor of the page that they came with.
  constructor(shown) {
    this.shown = shown;
    this.readAt = Date.now();
    this.readings = 0;
    this.newest = 0;
    this.wishes = new Map();
  }

  // stale: what could not be taken over. unread: figures that nobody has looked at. all: rows that wait behind a pill too.
  async reread(which) {
    const chosen = REGIONS[which] ?? REGIONS["*"];
    if (!document.querySelector(chosen)) return true;
    this.stale = null;
    this.unread = false;
    this.readAt = Date.now();
    const reading = ++this.readings;
    const page = await readPage();
    if (!page) {
      this.stale = which;
      return false;
    }
    takeNotes(page);
    if (reading < this.newest) return true; // overtaken by a later answer, which is newer
    this.newest = reading;
    const read = takeRead(page) ?? cursorOf(page);
    for (const region of document.querySelectorAll(chosen)) this.replace(region, page.getElementById(region.id), which);
    this.shown(which, read);
    return true;
  }

  // Several wishes within the gap are one.
  rereadSoon(which, wanted) {
    if (this.wishes.get(which)?.waiting) return;
    const wait = Math.max(0, (this.wishes.get(which)?.at ?? 0) + REREAD_GAP_MS[which] - Date.now());
    this.wishes.set(which, { waiting: true, at: Date.now() + wait });
    setTimeout(() => {
      this.wishes.set(which, { waiting: false, at: Date.now() });
      if (!wanted()) return;
      if (!document.hidden || which !== "figures" || Date.now() - this.readAt >= HIDDEN_REREAD_MS) this.reread(which);
      else this.unread = true;
    }, wait);
  }

  replace(region, fresh, which) {
    if (!fresh) return;
    if (region.hasAttribute("data-frozen")) fresh.setAttribute("data-frozen", region.getAttribute("data-frozen"));
    if (region.matches("[data-behind-pill]")) keepBack(region, fresh, this.all);
    if (!replaceRegion(region, fresh)) this.stale = which;
  }

  // What is due by itself: figures every so many seconds, and what could not be read or taken over before.
  look(now, every) {
    if (this.unread && document.hidden && now - this.readAt >= HIDDEN_REREAD_MS) this.reread("figures");
    if (every && !document.hidden && now - this.readAt >= every * 1_000) this.reread("figures");
    if (this.stale && now > (this.againAt ?? 0) && !document.activeElement?.matches("input, textarea, select")) {
      this.againAt = now + REREAD_MS;
      this.reread(this.stale);
    }
  }
}

async function readPage() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

// What the server had to say was said to this reading, and will not be said again.
function takeNotes(page) {
  for (const note of page.querySelectorAll("#toasts > [data-toast]")) {
    document.getElementById("toasts")?.append(document.adoptNode(note));
    window.htmx?.process(note);
  }
}

function cursorOf(page) {
  const feed = page.querySelector("wf-live");
  return feed && { epoch: feed.getAttribute("epoch"), seq: Number(feed.getAttribute("seq")) };
}

// When the trace in this document was read; told once.
export function takeRead(from) {
  const el = from.querySelector("[data-read-seq]");
  const read = el && { epoch: el.dataset.readEpoch, seq: Number(el.dataset.readSeq) };
  delete el?.dataset.readSeq;
  return read;
}
