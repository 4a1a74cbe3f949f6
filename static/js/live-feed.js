// <wf-live socket="/live/..." seq="12" epoch="ab12">: the page's live feed. With every="5", its figures are also read
// again each five seconds: for sums that move without any run changing its state. A region may ask for it too, as long
// as it is there: data-live-every="1".
// It keeps a cursor (epoch, seq), applies frames {seq, prev, ops} in order and once, and says in the top bar how it stands.
// Says to the page: wf:ops {appended} after changes, wf:text {span, attempt, at, text} as an LLM writes, wf:clock {skew}
// with the server's clock.

import { Connection, LATE_MS } from "./live/connection.js";
import { applied } from "./live/ops.js";
import { NewRuns } from "./live/pills.js";
import { Recent } from "./live/recent.js";
import { Regions, takeRead } from "./live/regions.js";
import * as standing from "./live/standing.js";

const GRACE_MS = 1_500;
const HIDDEN_MS = 2_000;
const BLOCKED_MS = 2_000;
const HELD_FRAMES = 500;
const root = document.documentElement;
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

class LiveFeed extends HTMLElement {
  connectedCallback() {
    this.seq = Number(this.getAttribute("seq")) || 0;
    this.epoch = this.getAttribute("epoch") || "";
    this.queue = [];
    this.newRuns = new NewRuns();
    this.recent = new Recent();
    this.connection = new Connection(this);
    this.regions = new Regions((which, read) => this.haveRead(which, read));
    this.ending = new AbortController();
    this.listen();
    this.watch = setInterval(() => this.look(), 1_000);
    takeRead(document);
    standing.say("behind", "connecting");
    this.connection.open();
  }

  disconnectedCallback() {
    this.ending.abort();
    clearInterval(this.watch);
    this.connection.leave();
  }

  listen() {
    const listen = (target, name, act) => target.addEventListener(name, act, { signal: this.ending.signal });
    listen(window, "online", () => this.wake());
    listen(window, "focus", () => this.wake());
    listen(window, "offline", () => this.connection.socket?.close());
    listen(window, "pageshow", () => this.wake());
    listen(document, "visibilitychange", () => this.wake());
    listen(document, "wf:settings", () => root.dataset.live === "lost" && this.lose());
    listen(document, "wf:changed", () => this.reread("figures"));
    listen(document, "htmx:after:swap", () => this.renew(takeRead(document)));
    listen(document, "wf:read", (event) => this.renew(event.detail));
    listen(document, "focusout", () => setTimeout(() => this.regions.stale && this.reread(this.regions.stale)));
    listen(document, "click", (event) => {
      if (event.target.closest("[data-pause]")) this.pause();
      if (event.target.closest("[data-pill]")) this.showFresh();
      if (event.target.closest("[data-retry]")) this.wake(true);
    });
  }

  // The socket -------------------------------------------------------------------------------------

  address() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ seq: this.seq, epoch: this.epoch });
    return `${scheme}//${location.host}${this.getAttribute("socket")}?${query}`;
  }

  get refused() {
    return this.connection?.refused;
  }

  closed() {
    this.queue = [];
    if (this.connection.refused) this.lose();
    else this.look();
  }

  // From the last frame that was applied; what was on its way comes again and is dropped as known.
  reconnect() {
    this.queue = [];
    this.connection.reopen();
  }

  // What was read from the server may be older than frames that were shown while it was on its way: they are done to it
  // too, without asking for them once more.
  renew(read) {
    if (read?.epoch !== this.epoch || read.seq >= this.seq) return;
    const missed = this.recent.since(read.seq);
    if (missed) {
      tell("wf:ops", { appended: missed.flatMap((frame) => this.put(frame)) });
      return;
    }
    this.seq = read.seq;
    this.reconnect();
  }

  wake(now = false) {
    if (document.hidden) return;
    this.drain();
    if (this.regions.unread) this.reread("figures");
    this.connection.wake(now);
  }

  hear(message) {
    if (message.beat) {
      this.mode = message.mode;
      tell("wf:clock", { skew: message.beat - Date.now() });
      this.regain();
    } else if (message.piece) {
      this.connection.tell({ read: message.text });
      tell("wf:text", message.piece);
      return;
    } else {
      this.queue.push(message);
    }
    const slow = document.hidden && Date.now() - (this.drained ?? 0) < HIDDEN_MS;
    if (this.paused) this.hold();
    else if (!slow) this.drain();
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
        this.blockedUntil = Date.now() + BLOCKED_MS;
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
      this.recent.clear();
      this.epoch = again.epoch;
      this.seq = frame.seq;
    } else if (frame.prev > this.seq) {
      this.reconnect();
      return true;
    } else if (frame.seq > this.seq) {
      this.show(frame);
    }
    this.connection.acknowledge(frame.seq);
    return true;
  }

  show(frame) {
    const appended = this.put(frame);
    this.seq = frame.seq;
    this.recent.add(frame);
    tell("wf:ops", { appended });
    this.mark();
    const region = frame.ops.find((op) => op.op === "refetch");
    if (region) this.regions.rereadSoon(region.region, () => this.isConnected);
  }

  // Into the page; the rows that this has added are returned.
  put(frame) {
    const appended = applied(frame.ops);
    for (const op of frame.ops) if (op.op === "pill") this.newRuns.count(op.key);
    return appended;
  }

  // While paused frames are kept, not shown; too many are let go and read again from the cursor.
  hold() {
    if (this.queue.length > HELD_FRAMES) {
      this.dropped = (this.dropped ?? 0) + this.queue.length;
      this.queue = [];
    }
    const last = this.queue.at(-1);
    if (last) this.connection.acknowledge(last.seq);
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

  // Regions ----------------------------------------------------------------------------------------

  reread(which) {
    return this.regions.reread(which);
  }

  // Runs that began after a list was read are counted again, behind its pill.
  haveRead(which, read) {
    if (which === "*" && this.regions.all) this.newRuns.shown();
    if (which !== "figures") this.renew(read);
    tell("wf:ops", { appended: [] });
    this.mark();
  }

  async showFresh() {
    this.regions.all = true;
    await this.reread("*");
    this.regions.all = false;
  }

  // How it stands ----------------------------------------------------------------------------------

  look() {
    const { connection, regions } = this;
    if (connection.refused) return;
    const now = Date.now();
    const late = now - connection.heard;
    if (connection.up) {
      this.drain();
      const every = document.querySelector("[data-live-every]")?.dataset.liveEvery ?? this.getAttribute("every");
      regions.look(now, this.paused ? 0 : every);
    }
    connection.check(now);
    if (connection.since && now - connection.since > GRACE_MS) this.lose();
    else if (this.paused) standing.say("paused", `paused, ${this.queue.length + (this.dropped ?? 0)} held`);
    else if (connection.since || late > LATE_MS) standing.say("behind", `behind ${Math.round(late / 1000)} s`);
    else if (connection.up) standing.say("live", this.mode === "polling" ? "live, every 2 s" : "live");
  }

  regain() {
    this.connection.regained();
    standing.regain(this);
    this.look();
  }

  lose() {
    standing.lose(this, this.connection.since ?? this.connection.heard, this.connection.refused);
  }

  mark() {
    standing.mark();
  }
}

customElements.define("wf-live", LiveFeed);
