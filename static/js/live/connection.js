// The page's socket: opened again after a growing pause while it is lost, and given up for another one when nothing is
// heard by it. since: when it was lost. refused: "signed-out" or "no-access". up: the server's heart was heard by it.

export const LATE_MS = 7_000;
const STALE_MS = 12_000;
const RETRY_MS = [500, 1_000, 2_000, 3_000, 5_000, 8_000];
const ACKNOWLEDGE_MS = 200;
const REFUSALS = { 4401: "signed-out", 4403: "no-access", 4404: "no-access" };

export class Connection {
  // feed: address(), hear(message), closed(), reconnect().
  constructor(feed) {
    this.feed = feed;
    this.heard = Date.now();
    this.tries = 0;
    this.since = null;
    this.refused = null;
    this.up = false;
    this.acknowledgedAt = 0;
  }

  open() {
    this.clearTimers();
    this.opened = Date.now();
    const socket = new WebSocket(this.feed.address());
    this.socket = socket;
    socket.onmessage = (event) => this.socket === socket && this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
  }

  // Nothing that this socket still says is heard.
  leave() {
    this.clearTimers();
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  clearTimers() {
    clearTimeout(this.timer);
    clearTimeout(this.saying);
    this.timer = this.saying = null;
  }

  reopen() {
    this.leave();
    this.open();
  }

  closed(code) {
    this.socket = null;
    this.up = false;
    this.since ??= Date.now();
    if (REFUSALS[code]) this.refused = REFUSALS[code];
    else this.timer = setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)] * (0.7 + 0.6 * Math.random()));
    this.feed.closed();
  }

  hear(message) {
    this.heard = Date.now();
    this.feed.hear(message);
  }

  // The server's heart was heard.
  regained() {
    this.since = null;
    this.refused = null;
    this.tries = 0;
    this.up = true;
  }

  // Somebody looks at the page again, or (now) asks for another try.
  wake(now) {
    if (this.refused === "no-access" && !now) return;
    if (!this.socket && (now || this.refused || this.timer)) {
      this.refused = null;
      this.tries = 0;
      this.open();
    } else if (this.socket && Date.now() - this.heard > LATE_MS) {
      this.feed.reconnect();
    }
  }

  // A socket by which nothing comes is lost, whatever it says of itself.
  check(now) {
    if (!this.socket || now - this.heard <= STALE_MS || now - this.opened <= STALE_MS) return;
    this.since ??= this.heard;
    this.feed.reconnect();
  }

  // The server hears each message at a price: what is read in quick succession is acknowledged together. Timers of hidden
  // tabs are late, and whoever does not acknowledge is turned out.
  acknowledge(seq) {
    this.readTo = seq;
    const wait = document.hidden ? 0 : this.acknowledgedAt + ACKNOWLEDGE_MS - Date.now();
    if (wait <= 0) this.sayReadTo();
    else this.saying ??= setTimeout(() => this.sayReadTo(), wait);
  }

  sayReadTo() {
    clearTimeout(this.saying);
    this.saying = null;
    this.acknowledgedAt = Date.now();
    this.tell({ ack: this.readTo });
  }

  tell(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
