// Lines to whoever comes along: each pair with a companion in it has a peer connection of its own.
// The line between officer and victim is main.js's and does not depend on this one.

import { Peer } from "./peer.js";
import { CLOSE, FROM_PAGE, OFFICER, VICTIM } from "./protocol.js";
import { waitBefore } from "./signalling.js";
import { CALL } from "./state.js";

const PAIR = new Set([OFFICER, VICTIM]);
const BEGIN_AGAIN_MS = 3_000;

// Officer and victim see each other already; every other pair makes a line here.
export function needsLine(mine, theirs) {
  return !(PAIR.has(mine) && PAIR.has(theirs));
}

// One of two pages begins: both know which without asking.
export function begins(mine, theirs) {
  return mine < theirs;
}

export class Beside {
  #socket = null;
  #tries = 0;
  #retry = null;
  #wanted = false;
  #people = new Map();

  // `stream` and `iceServers` are functions: both change during a call. `names` are words for roles.
  constructor({ url, page, role, stream, iceServers, place, names }) {
    Object.assign(this, { url, page, role, stream, iceServers, place, names });
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  stop() {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#socket = null;
    for (const page of [...this.#people.keys()]) this.#forget(page);
  }

  replace() {
    for (const person of this.#people.values()) person.peer?.replace(this.stream());
  }

  #connect() {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      this.#send({ type: FROM_PAGE.HELLO, page: this.page });
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      // The lines that stand go on; who is there is learnt again with the next socket.
      if (!this.#wanted || code === CLOSE.OCCUPIED) return;
      if (code === CLOSE.GONE) for (const page of [...this.#people.keys()]) this.#forget(page);
      this.#retry = setTimeout(() => this.#wanted && this.#connect(), waitBefore(this.#tries++));
    };
  }

  #receive(message) {
    switch (message.type) {
      case "ping":
        this.#send({ type: FROM_PAGE.PONG });
        break;
      case "person":
        this.#meet(message);
        break;
      case "gone":
        this.#forget(message.page);
        break;
      case "from":
        this.#heard(message);
        break;
    }
  }

  #meet({ page, role, name }) {
    if (!needsLine(this.role, role)) return;
    let person = this.#people.get(page);
    if (!person) {
      person = { page, role, peer: null, remote: new MediaStream(), tile: this.#draw(role, name) };
      this.#people.set(page, person);
    }
    // A line that stands outlives the socket: only a missing or broken one is begun.
    if (begins(this.page, page) && !person.peer) this.#begin(person, newCall(), true);
  }

  #begin(person, call, offers) {
    person.peer?.close();
    person.peer = new Peer({
      call,
      offers,
      iceServers: this.iceServers(),
      stream: this.stream(),
      remote: person.remote,
      send: (type, { call: about, description, candidate }) => {
        const said = type === FROM_PAGE.DESCRIPTION ? { description } : { candidate };
        this.#send({ type: "to", page: person.page, call: about, said });
      },
      onStatus: (status, failed) => this.#changed(person, call, status, failed),
    });
  }

  #changed(person, call, status, failed) {
    if (status === CALL.CONNECTED) {
      const video = person.tile.querySelector("video");
      if (video.srcObject !== person.remote) video.srcObject = person.remote;
      video.play().catch(() => {});
      person.tile.dataset.connected = "";
      return;
    }
    delete person.tile.dataset.connected;
    if (!failed) return;
    if (!begins(this.page, person.page)) return;
    setTimeout(() => {
      const stands = this.#people.get(person.page) === person && person.peer?.call === call;
      if (stands && !person.peer.connected) this.#begin(person, newCall(), true);
    }, BEGIN_AGAIN_MS);
  }

  #heard({ page, call, said }) {
    const person = this.#people.get(page);
    if (!person) return;
    if (said.description) {
      const isNew = said.description.type === "offer" && call !== person.peer?.call;
      if (isNew && begins(this.page, page)) return;
      if (isNew) this.#begin(person, call, false);
      if (call === person.peer?.call) person.peer.describe(said.description);
    } else if (call === person.peer?.call) {
      person.peer.candidate(said.candidate);
    }
  }

  #draw(role, name) {
    const tile = document.createElement("figure");
    tile.className = "vc-other";
    const video = document.createElement("video");
    video.autoplay = true;
    video.playsInline = true;
    const caption = document.createElement("figcaption");
    const part = this.names[role] ?? role;
    caption.textContent = name ? `${name}, ${part}` : part;
    video.setAttribute("aria-label", caption.textContent);
    tile.append(video, caption);
    this.place.append(tile);
    this.place.hidden = false;
    return tile;
  }

  #forget(page) {
    const person = this.#people.get(page);
    if (!person) return;
    this.#people.delete(page);
    person.peer?.close();
    person.tile.remove();
    this.place.hidden = this.#people.size === 0;
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

function newCall() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
