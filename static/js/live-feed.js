// <wf-live socket="/live/..." seq="12" epoch="ab12">: owns the page's socket. With every="5", its figures are also read
// again each five seconds: for sums that move without any run changing its state. A region may ask for it too, as long
// as it is there: data-live-every="1".
// It keeps a cursor (epoch, seq), applies frames {seq, prev, ops} in order and once, and says in the top bar how it stands.
// Says to the page: wf:ops {appended} after changes, wf:text {span, attempt, at, text} as an LLM writes, wf:clock {skew}
// with the server's clock.

import { replaceRegion } from "./region.js";

const STALE_MS = 12_000;
const LATE_MS = 7_000;
const GRACE_MS = 1_500;
const HIDDEN_MS = 2_000;
const RETRY_MS = [500, 1_000, 2_000, 3_000, 5_000, 8_000];
const REREAD_MS = 2_000;
const REREAD_GAP_MS = { state: 700, figures: 5_000 };
const HIDDEN_REREAD_MS = 15_000;
const REGIONS = {
  "*": "[data-live-region]",
  state: "[data-live-region]:not(:has([data-follow]))",
  figures: '[data-live-region="figures"]',
};
const HELD_FRAMES = 500;
const NEEDS_ONE = ["nav-count-v", "nav-count-b"]; // calls and effects that wait, budgets that have passed a threshold
const SIGNED_OUT = 4401, NO_ACCESS = 4403, NOT_FOUND = 4404;

const byId = (id) => document.getElementById(id);
const root = document.documentElement;
const local = () => root.dataset.time === "local";
const clockTime = (ms) => new Date(ms - (local() ? new Date(ms).getTimezoneOffset() * 60_000 : 0)).toISOString().slice(11, 19);

const OPS = {
  text(op) {
    const el = byId(op.id);
    if (el && el.textContent !== op.value) el.textContent = op.value;
  },
  attr(op) {
    const el = byId(op.id);
    if (!el) return;
    if (op.value === null) el.removeAttribute(op.name);
    else if (el.getAttribute(op.name) !== op.value) el.setAttribute(op.name, op.value);
  },
  append(op, told) {
    const box = byId(op.id);
    if (!box) return;
    const made = document.createElement("template");
    made.innerHTML = op.html;
    if (byId(op.key)) {
      renew(made.content);
      return;
    }
    const rows = [...made.content.children];
    box.append(...rows);
    rows.forEach((row) => window.htmx?.process(row));
    told.appended.push(...rows);
  },
};

// A row that is there comes again when the cursor went back, maybe changed since: its cells are taken over, the row stays.
function renew(fresh) {
  for (const cell of fresh.querySelectorAll("[id]")) {
    const there = byId(cell.id);
    if (!there) continue;
    for (const { name, value } of cell.attributes) if (name !== "tabindex" && there.getAttribute(name) !== value) there.setAttribute(name, value);
    if (!cell.hasAttribute("data-open")) there.removeAttribute("data-open");
    if (!cell.children.length && there.textContent !== cell.textContent) there.textContent = cell.textContent;
  }
}

class LiveFeed extends HTMLElement {
  connectedCallback() {
    this.seq = Number(this.getAttribute("seq")) || 0;
    this.epoch = this.getAttribute("epoch") || "";
    this.queue = [];
    this.fresh = new Set();
    this.tries = 0;
    this.heard = Date.now();
    this.readAt = Date.now();
    this.ending = new AbortController();
    const listen = (target, name, act) => target.addEventListener(name, act, { signal: this.ending.signal });
    listen(window, "online", () => this.wake());
    listen(window, "focus", () => this.wake());
    listen(window, "offline", () => this.socket?.close());
    listen(window, "pageshow", () => this.wake());
    listen(document, "visibilitychange", () => this.wake());
    listen(document, "wf:settings", () => root.dataset.live === "lost" && this.lose());
    listen(document, "wf:changed", () => this.reread("figures"));
    listen(document, "htmx:after:swap", () => this.rewind(takeRead(document)));
    listen(document, "wf:read", (event) => this.rewind(event.detail));
    listen(document, "focusout", () => this.stale && setTimeout(() => this.reread(this.stale)));
    listen(document, "click", (event) => {
      if (event.target.closest("[data-pause]")) this.pause();
      if (event.target.closest("[data-pill]")) this.showFresh();
      if (event.target.closest("[data-retry]")) this.wake(true);
    });
    this.watch = setInterval(() => this.look(), 1_000);
    takeRead(document);
    this.say("behind", "connecting");
    this.open();
  }

  disconnectedCallback() {
    this.ending.abort();
    clearInterval(this.watch);
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  // The socket -------------------------------------------------------------------------------------

  open() {
    clearTimeout(this.timer);
    this.timer = null;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ seq: this.seq, epoch: this.epoch });
    const socket = new WebSocket(`${scheme}//${location.host}${this.getAttribute("socket")}?${query}`);
    this.socket = socket;
    this.opened = Date.now();
    socket.onmessage = (event) => this.socket === socket && this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
  }

  closed(code) {
    this.socket = null;
    this.up = false;
    this.queue = [];
    this.since ??= Date.now();
    const closing = { [SIGNED_OUT]: "signed-out", [NO_ACCESS]: "no-access", [NOT_FOUND]: "no-access" }[code];
    if (closing) {
      this.refused = closing;
      this.lose();
      return;
    }
    const wait = RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)];
    this.retryAt = Date.now() + wait * (0.7 + 0.6 * Math.random());
    this.timer = setTimeout(() => this.open(), this.retryAt - Date.now());
    this.look();
  }

  // From the last frame that was applied; what was on its way comes again and is dropped as known.
  reconnect() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.queue = [];
    this.open();
  }

  // What was read from the server may be older than a frame that was applied while it was on its way.
  rewind(read) {
    if (read?.epoch !== this.epoch || read.seq >= this.seq) return;
    this.seq = read.seq;
    this.reconnect();
  }

  wake(now = false) {
    if (document.hidden) return;
    this.drain();
    if (this.unread) this.reread("figures");
    if (this.refused === "no-access" && !now) return;
    if (!this.socket && (now || this.refused || this.timer)) {
      this.refused = null;
      this.tries = 0;
      this.open();
    } else if (this.socket && Date.now() - this.heard > LATE_MS) {
      this.reconnect();
    }
  }

  hear(message) {
    this.heard = Date.now();
    if (message.beat) {
      this.mode = message.mode;
      document.dispatchEvent(new CustomEvent("wf:clock", { detail: { skew: message.beat - Date.now() } }));
      this.regain();
    } else if (message.piece) {
      this.read(message);
      return;
    } else {
      this.queue.push(message);
    }
    const slow = document.hidden && Date.now() - (this.drained ?? 0) < HIDDEN_MS;
    if (this.paused) this.hold();
    else if (!slow) this.drain();
  }

  acknowledge(seq) {
    this.tell({ ack: seq });
  }

  tell(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  // Text that an LLM is writing.
  read(message) {
    this.tell({ read: message.text });
    document.dispatchEvent(new CustomEvent("wf:text", { detail: message.piece }));
  }

  // Frames -----------------------------------------------------------------------------------------

  async drain() {
    if (this.draining || this.paused || Date.now() < (this.blockedUntil ?? 0)) return;
    this.draining = true;
    this.drained = Date.now();
    try {
      while (this.queue.length && !this.paused) {
        const frame = this.queue.shift();
        if (await this.apply(frame)) continue;
        this.queue.unshift(frame);
        this.blockedUntil = Date.now() + REREAD_MS;
        break;
      }
    } finally {
      this.draining = false;
    }
  }

  // False when the frame cannot be applied yet: the regions that it asks for could not be read.
  async apply(frame) {
    const again = frame.ops.find((op) => op.op === "refetch" && op.epoch !== undefined);
    if (again) {
      if (!(await this.reread("*"))) return false;
      this.epoch = again.epoch;
      this.seq = frame.seq;
      this.acknowledge(frame.seq);
      return true;
    }
    if (frame.prev > this.seq) {
      this.reconnect();
      return true;
    }
    if (frame.seq > this.seq) {
      const told = { appended: [] };
      for (const op of frame.ops) OPS[op.op]?.(op, told);
      for (const op of frame.ops) if (op.op === "pill") this.count(op.key);
      this.seq = frame.seq;
      document.dispatchEvent(new CustomEvent("wf:ops", { detail: told }));
      this.mark();
      const region = frame.ops.find((op) => op.op === "refetch");
      if (region) this.rereadSoon(region.region);
    }
    this.acknowledge(frame.seq);
    return true;
  }

  // While paused frames are kept, not shown; too many are let go and read again from the cursor.
  hold() {
    if (this.queue.length > HELD_FRAMES) {
      this.dropped = (this.dropped ?? 0) + this.queue.length;
      this.queue = [];
    }
    const last = this.queue.at(-1);
    if (last) this.acknowledge(last.seq);
    this.look();
  }

  pause() {
    this.paused = !this.paused;
    const button = document.querySelector("[data-pause]");
    button?.setAttribute("aria-pressed", String(this.paused));
    if (!this.paused && this.dropped) {
      this.dropped = 0;
      this.reconnect();
    }
    this.look();
    this.drain();
  }

  // New rows ---------------------------------------------------------------------------------------

  count(runId) {
    if (!byId(`r-${runId}`)) this.fresh.add(runId);
    const pill = document.querySelector("[data-pill]:not([data-pill-of])");
    if (!pill) return;
    pill.hidden = this.fresh.size === 0;
    pill.textContent = `${this.fresh.size} new ${this.fresh.size === 1 ? "run" : "runs"} · show (n)`;
  }

  // Rows that came after the page wait behind its pill, as long as there are others that they would push about.
  keepBack(region, fresh) {
    const shown = new Set([...region.querySelectorAll("[data-row][id]:not([hidden])")].map((row) => row.id));
    const rows = [...fresh.querySelectorAll("[data-row][id]")].filter((row) => !shown.has(row.id));
    if (this.showing || !shown.size) rows.length = 0;
    for (const row of rows) row.hidden = true;
    const pill = document.querySelector(`[data-pill-of="${region.id}"]`);
    if (!pill) return;
    pill.hidden = rows.length === 0;
    pill.textContent = `${rows.length} new ${pill.dataset.pillNoun}${rows.length === 1 ? "" : "s"} · show (n)`;
  }

  async showFresh() {
    this.showing = true;
    const read = await this.reread("*");
    this.showing = false;
    if (!read) return;
    this.fresh.clear();
    const pill = document.querySelector("[data-pill]");
    if (pill) pill.hidden = true;
  }

  // Regions: read from the page's own address; what a person does within them goes on -----------------

  // "*": all regions. "state": all but the one with the trace, which is kept by ops. "figures": sums over many runs.
  async reread(which) {
    const chosen = REGIONS[which] ?? REGIONS["*"];
    if (!document.querySelector(chosen)) return true;
    this.stale = null;
    this.unread = false;
    this.readAt = Date.now();
    const reading = (this.readings = (this.readings ?? 0) + 1);
    const page = await readPage();
    if (!page) {
      this.stale = which;
      return false;
    }
    if (reading < (this.shown ?? 0)) return true; // overtaken by a later answer, which is newer
    this.shown = reading;
    const read = takeRead(page);
    for (const region of document.querySelectorAll(chosen)) this.replace(region, page.getElementById(region.id), which);
    if (which !== "figures") this.rewind(read);
    document.dispatchEvent(new CustomEvent("wf:ops", { detail: { appended: [] } }));
    this.mark();
    return true;
  }

  // Several wishes within the gap are one.
  rereadSoon(which) {
    this.wishes ??= new Map();
    if (this.wishes.get(which)?.waiting) return;
    const wait = Math.max(0, (this.wishes.get(which)?.at ?? 0) + REREAD_GAP_MS[which] - Date.now());
    this.wishes.set(which, { waiting: true, at: Date.now() + wait });
    setTimeout(() => {
      this.wishes.set(which, { waiting: false, at: Date.now() });
      if (!this.isConnected) return;
      if (!document.hidden || which !== "figures" || Date.now() - this.readAt >= HIDDEN_REREAD_MS) this.reread(which);
      else this.unread = true;
    }, wait);
  }

  replace(region, fresh, which) {
    if (!fresh) return;
    if (region.hasAttribute("data-frozen")) fresh.setAttribute("data-frozen", region.getAttribute("data-frozen"));
    if (region.matches("[data-behind-pill]")) this.keepBack(region, fresh);
    if (!replaceRegion(region, fresh)) this.stale = which;
  }

  // What the page says -----------------------------------------------------------------------------

  look() {
    const now = Date.now();
    const late = now - this.heard;
    if (this.refused) return;
    if (this.up) this.drain();
    if (this.up && this.unread && document.hidden && now - this.readAt >= HIDDEN_REREAD_MS) this.reread("figures");
    const every = document.querySelector("[data-live-every]")?.dataset.liveEvery ?? this.getAttribute("every");
    if (this.up && every && !this.paused && !document.hidden && now - this.readAt >= every * 1_000) this.reread("figures");
    if (this.up && this.stale && now > (this.rereadAt ?? 0) && !document.activeElement?.matches("input, textarea, select")) {
      this.rereadAt = now + REREAD_MS;
      this.reread(this.stale);
    }
    if (this.socket && late > STALE_MS && now - this.opened > STALE_MS) {
      this.since ??= this.heard;
      this.reconnect();
    }
    if (this.since && now - this.since > GRACE_MS) this.lose();
    else if (this.paused) this.say("paused", `paused, ${this.queue.length + (this.dropped ?? 0)} held`);
    else if (this.since || late > LATE_MS) this.say("behind", `behind ${Math.round(late / 1000)} s`);
    else if (this.up) this.say("live", this.mode === "polling" ? "live, every 2 s" : "live");
  }

  regain() {
    this.since = null;
    this.refused = null;
    this.tries = 0;
    this.querySelector(".lost")?.remove();
    document.querySelectorAll("[data-frozen]").forEach((el) => el.setAttribute("data-frozen", ""));
    this.up = true;
    this.look();
  }

  lose() {
    const at = clockTime(this.since ?? this.heard);
    document.querySelectorAll("[data-frozen]").forEach((el) => el.setAttribute("data-frozen", at));
    this.say(this.refused === "signed-out" ? "signed-out" : "lost", this.refused ? this.refused.replace("-", " ") : `lost ${at}`);
    this.banner(at);
  }

  banner(at) {
    const box = this.querySelector(".lost") ?? this.appendChild(lostBanner());
    const text = box.querySelector("span");
    const [signIn, retry] = [box.querySelector("a"), box.querySelector("button")];
    signIn.hidden = this.refused !== "signed-out";
    retry.hidden = Boolean(this.refused);
    signIn.href = `/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`;
    const words = {
      "signed-out": "You are signed out. The page is frozen; sign in and it goes on.",
      "no-access": "You can no longer see this. The page is frozen.",
    };
    const line = words[this.refused] ?? `Connection lost ${at} ${local() ? "local" : "UTC"}. The figures are frozen; what is missed will follow.`;
    if (text.textContent !== line) text.textContent = line;
  }

  say(state, words) {
    const tones = { live: "ok", behind: "warn", paused: "warn" };
    root.dataset.live = state;
    const chip = byId("live-chip");
    const button = byId("live-pause");
    if (button) button.hidden = false;
    if (chip) {
      chip.hidden = false;
      chip.dataset.tone = tones[state] ?? "bad";
      if (chip.textContent !== words) chip.textContent = words;
    }
    this.mark();
  }

  // In a tab that nobody looks at, the title says how many things wait for a person: "(2) Runs".
  titled() {
    const waiting = NEEDS_ONE.reduce((sum, id) => sum + (Number.parseInt(byId(id)?.textContent, 10) || 0), 0);
    const bare = document.title.replace(/^\(\d+\) /, "");
    const title = waiting ? `(${waiting}) ${bare}` : bare;
    if (document.title !== title) document.title = title;
  }

  mark() {
    const waits = document.querySelector('[data-state^="waiting"], [data-state="paused_budget"]');
    root.toggleAttribute("data-attention", Boolean(waits));
    const lost = root.dataset.live === "lost" || root.dataset.live === "signed-out";
    const state = lost ? "lost" : waits ? "attention" : "calm";
    this.titled();
    const icon = document.querySelector("link[data-mark-calm]");
    const href = icon?.getAttribute(`data-mark-${state}`);
    if (icon && href && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
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

// When the trace in this document was read; told once.
function takeRead(from) {
  const el = from.querySelector("[data-read-seq]");
  const read = el && { epoch: el.dataset.readEpoch, seq: Number(el.dataset.readSeq) };
  delete el?.dataset.readSeq;
  return read;
}

function lostBanner() {
  const made = document.createElement("template");
  made.innerHTML = `<div class="lost" role="alert"><span></span><a class="button small" target="_blank">Sign in</a>
    <button type="button" class="button small" data-retry>Try now</button></div>`;
  return made.content.firstElementChild;
}

customElements.define("wf-live", LiveFeed);
