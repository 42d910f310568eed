// The room's buttons, keys and spoken status. Draws a state; says what was pressed.
//
// The page gives: [data-room-action] buttons, [data-room-status] (aria-live), and elements that
// show themselves by state: [data-room-screen="wait"], [data-room-when="camera_off"] …

import { hasExited, hasNoDevice, screen, status } from "./state.js";
import { OFFICER, STAGE } from "./protocol.js";

// Only while the focus is among the room's own buttons: a letter typed elsewhere is text.
const KEYS = { m: "microphone", c: "camera" };

// The facts that [data-room-when] and [data-room-unless] may name.
export function facts(state) {
  const admitted = state.stage === STAGE.ADMITTED;
  return {
    [`stage_${state.stage}`]: true,
    [`media_${state.media}`]: true,
    [`call_${state.call}`]: true,
    [`quality_${state.quality}`]: state.quality !== null,
    connected: state.call === "connected",
    no_device: hasNoDevice(state),
    has_device: state.media === "on",
    no_camera: state.media === "on" && !state.hasCamera,
    no_microphone: state.media === "on" && !state.hasMicrophone,
    camera_off: state.media === "on" && !state.camera,
    microphone_off: state.media === "on" && !state.microphone,
    peer_here: state.peer.here,
    peer_muted: admitted && state.peer.here && !state.peer.microphone,
    peer_camera_off: admitted && state.peer.here && !state.peer.camera,
    peer_poor: state.peerQuality === "poor",
    peer_exit: hasExited(state),
    can_wait: state.canWait,
    intruder: state.intruders > 0,
    may_admit: state.role === OFFICER && state.stage === STAGE.WAITING,
    occupied: status(state) === "occupied",
    gone: status(state) === "gone",
    left: state.left,
    inside: admitted && !state.left && state.refused === null,
  };
}

export class Controls {
  #root;
  #words;
  #said = null;
  #shown = null;

  // `words` maps the keys of state.status() to sentences. onAction gets the pressed action's name.
  constructor({ root, words, onAction }) {
    this.#root = root;
    this.#words = words;
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-room-action]");
      if (!button || !root.contains(button)) return;
      event.preventDefault();
      onAction(button.dataset.roomAction, button);
    });
    for (const bar of root.querySelectorAll("[data-room-controls]")) {
      bar.addEventListener("keydown", (event) => {
        const action = KEYS[event.key.toLowerCase()];
        if (!action || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        event.preventDefault();
        onAction(action, null);
      });
    }
  }

  draw(state) {
    const now = facts(state);
    const shown = screen(state);
    for (const part of this.#all("[data-room-screen]")) {
      part.hidden = part.dataset.roomScreen !== shown;
    }
    for (const part of this.#all("[data-room-when]")) {
      part.hidden = !part.dataset.roomWhen.split(" ").some((name) => now[name]);
    }
    for (const part of this.#all("[data-room-unless]")) {
      part.hidden = part.dataset.roomUnless.split(" ").some((name) => now[name]);
    }
    for (const device of ["microphone", "camera"]) {
      for (const button of this.#all(`[data-room-action="${device}"]`)) {
        const has = device === "camera" ? state.hasCamera : state.hasMicrophone;
        button.disabled = !has;
        button.setAttribute("aria-pressed", String(!state[device]));
      }
    }
    this.#say(status(state));
    this.#showFromTheTop(state, shown);
  }

  // A phone is scrolled down to the button that was pressed: the face that appears is above it.
  #showFromTheTop(state, shown) {
    if (state.role !== OFFICER && this.#shown !== null && this.#shown !== shown) {
      window.scrollTo({ top: 0 });
    }
    this.#shown = shown;
  }

  // Read out only what is new, or a screen reader would repeat it at every change.
  #say(key) {
    if (key === this.#said) return;
    this.#said = key;
    for (const place of this.#all("[data-room-status]")) {
      place.textContent = this.#words[key] ?? "";
      place.dataset.status = key;
    }
  }

  #all(selector) {
    return this.#root.querySelectorAll(selector);
  }
}
