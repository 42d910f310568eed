/**
 * Keeps a page true: asks for it after each hint of a socket, and by the clock.
 *
 * The socket is a hint and no more. While it is open the page is asked for now and then all the
 * same; while it is not, every few seconds. A socket that comes back asks at once: what was hinted
 * meanwhile is lost. ask() gives a promise that says whether an answer came. onState(state) hears
 * "live", "asking" or "old" (no answer for so long that the page may be wrong), and since when.
 * Clock, socket and network are handed in, so that it can be tried without a browser.
 */
export const TIMES = {
  gather: 500, // hints that come together are one question
  live: 30_000,
  asking: 5_000,
  old: 20_000,
  // The server says something every 20 seconds: longer silence is a line that nobody closed.
  silence: 45_000,
  firstWait: 500,
  longestWait: 10_000,
};
export const SIGNED_OUT = 4401;

export class Live {
  constructor({ url, ask, onState, WebSocket = globalThis.WebSocket, timers = globalThis, now = Date.now, random = Math.random, times = TIMES }) {
    Object.assign(this, { url, ask, onState, WebSocket, timers, now, random, times });
    this.isOpen = false;
    this.tries = 0;
    this.inFlight = false;
    this.isWanted = false;
    this.answeredAt = now();
  }

  start() {
    this.connect();
    this.plan(this.times.asking);
    this.tell();
  }

  /** Ask now: the page is looked at again, or the network is back. */
  hurry() {
    if (!this.isOpen && !this.socket) {
      this.tries = 0;
      this.connect();
    }
    this.plan(0);
  }

  plan(ms) {
    this.timers.clearTimeout(this.next);
    this.next = this.timers.setTimeout(() => this.question(), ms);
  }

  async question() {
    if (this.inFlight) {
      this.isWanted = true;
      return;
    }
    this.inFlight = true;
    let answered = false;
    try {
      answered = await this.ask();
    } catch {
      answered = false;
    }
    this.inFlight = false;
    if (answered) {
      this.answeredAt = this.now();
    }
    const isWanted = this.isWanted;
    this.isWanted = false;
    this.plan(isWanted ? this.times.gather : this.isOpen && answered ? this.times.live : this.times.asking);
    this.tell();
  }

  /** A hint: what hints come together are asked for once, and none is lost. */
  hinted() {
    if (this.inFlight) {
      this.isWanted = true;
    } else {
      this.plan(this.times.gather);
    }
  }

  tell() {
    const isOld = this.now() - this.answeredAt > (this.isOpen ? this.times.live + this.times.old : this.times.old);
    this.onState(isOld ? "old" : this.isOpen ? "live" : "asking", this.answeredAt);
  }

  connect() {
    this.timers.clearTimeout(this.retry);
    this.retry = null;
    const socket = new this.WebSocket(this.url);
    this.socket = socket;
    const isCurrent = () => this.socket === socket;
    socket.onopen = () => {
      if (!isCurrent()) return;
      this.tries = 0;
      this.isOpen = true;
      this.listen();
      this.plan(0);
      this.tell();
    };
    socket.onmessage = ({ data }) => {
      if (!isCurrent()) return;
      this.listen();
      if (JSON.parse(data).type === "changed") {
        this.hinted();
      }
    };
    socket.onclose = ({ code }) => {
      if (!isCurrent()) return;
      this.lost(code);
    };
  }

  lost(code) {
    this.timers.clearTimeout(this.watchdog);
    this.socket = null;
    this.isOpen = false;
    this.plan(Math.min(this.times.asking, 1000));
    this.tell();
    if (code === SIGNED_OUT) {
      return; // the next question says so to the person
    }
    const longest = Math.min(this.times.longestWait, this.times.firstWait * 2 ** this.tries);
    this.tries += 1;
    // Spread out, so that a restarted server is not met by every board at once.
    this.retry = this.timers.setTimeout(() => this.connect(), longest * (0.5 + this.random() / 2));
  }

  listen() {
    this.timers.clearTimeout(this.watchdog);
    const socket = this.socket;
    this.watchdog = this.timers.setTimeout(() => {
      if (this.socket !== socket) return;
      this.lost(1006);
      socket.close();
    }, this.times.silence);
  }
}
