// The socket: connects, comes back by itself, and speaks only the protocol's messages.
// What arrives is a hint or a handshake between the browsers; truth is fetched by HTTP.

import { FROM_PAGE, FROM_SERVER, isFinal, read, write } from "./protocol.js";

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8_000;
// The server pings every 10 seconds: silence for longer means a dead line that no one closed.
const SILENCE_MS = 25_000;

// How long to wait before try number `tries`, in milliseconds: twice as long each time, spread out
// so that a restarted server is not met by every page at once.
export function waitBefore(tries, random = Math.random()) {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return longest * (0.5 + random / 2);
}

export class Signalling {
  #socket = null;
  #tries = 0;
  #retry = null;
  #watchdog = null;
  #stopped = true;

  // onEvent gets {type: "socket.…"} events for the state; onMessage gets the server's messages.
  constructor({ url, page, onEvent, onMessage, WebSocket = globalThis.WebSocket }) {
    Object.assign(this, { url, page, onEvent, onMessage, WebSocket });
  }

  start() {
    this.#stopped = false;
    this.#connect();
  }

  // Try now instead of at the end of the wait: the network or the page is back.
  hurry() {
    if (this.#stopped || !this.#retry) return;
    this.#tries = 0;
    this.#connect();
  }

  // Returns whether it could be handed over. What could not is not kept: the other side learns
  // how things stand when the socket is back.
  send(type, fields) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(write(type, fields));
    return true;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#retry = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#socket?.close();
    this.onEvent({ type: "socket.connecting" });
    const socket = new this.WebSocket(this.url);
    this.#socket = socket;
    const isCurrent = () => this.#socket === socket;

    socket.onopen = () => {
      if (!isCurrent()) return;
      this.#listen();
      socket.send(write(FROM_PAGE.HELLO, { page: this.page }));
    };
    socket.onmessage = ({ data }) => {
      if (!isCurrent()) return;
      this.#listen();
      const message = read(data);
      if (message === null) return;
      if (message.type === FROM_SERVER.PING) {
        socket.send(write(FROM_PAGE.PONG));
        return;
      }
      if (message.type === FROM_SERVER.WELCOME) {
        this.#tries = 0;
        this.onEvent({ type: "socket.open" });
      }
      this.onMessage(message);
    };
    socket.onclose = ({ code }) => {
      if (!isCurrent()) return;
      this.#socket = null;
      clearTimeout(this.#watchdog);
      if (this.#stopped) return;
      if (isFinal(code)) {
        this.#stopped = true;
        this.onEvent({ type: "socket.final", code });
        return;
      }
      this.onEvent({ type: "socket.lost" });
      this.#retry = setTimeout(() => this.#connect(), waitBefore(this.#tries));
      this.#tries += 1;
    };
  }

  #listen() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#watchdog = setTimeout(() => {
      if (this.#socket !== socket) return;
      // A dead line can take minutes to close: do not wait for it.
      socket.onclose({ code: 1006 });
      socket.close();
    }, SILENCE_MS);
  }
}
