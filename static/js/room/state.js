// Pure: (state, event) -> state. No DOM, no network, no clock; runs in node --test.
//
// What the server knows (stage, whether the other side is in) comes in "truth" events; what this
// page can see for itself (its socket, its camera, its peer connection) in the others.

import { CLOSE, OFFICER, STAGE } from "./protocol.js";

export const SOCKET = Object.freeze({
  CLOSED: "closed",
  CONNECTING: "connecting",
  OPEN: "open",
  RETRYING: "retrying",
});

export const CALL = Object.freeze({
  NONE: "none",
  CONNECTING: "connecting",
  CONNECTED: "connected",
  INTERRUPTED: "interrupted",
});

export const MEDIA = Object.freeze({
  OFF: "off",
  ASKING: "asking",
  ON: "on",
  REFUSED: "refused",
  ABSENT: "absent",
  BUSY: "busy",
  UNSUPPORTED: "unsupported",
  IN_APP: "in_app",
});

const NOBODY = Object.freeze({
  here: false,
  page: null,
  ready: false,
  microphone: true,
  camera: true,
  left: null,
});

export function initial({ role, stage, can_wait: canWait = false }) {
  return Object.freeze({
    role,
    stage,
    canWait,
    peerExited: false,
    socket: SOCKET.CLOSED,
    refused: null,
    media: MEDIA.OFF,
    hasCamera: false,
    hasMicrophone: false,
    microphone: true,
    camera: true,
    peer: NOBODY,
    call: CALL.NONE,
    quality: null,
    peerQuality: null,
    intruders: 0,
    left: false,
  });
}

const OVER = new Set([STAGE.ENDED, STAGE.MISSED, STAGE.CANCELLED]);

export function isOver(state) {
  return OVER.has(state.stage);
}

const ON = {
  truth: (state, { stage, canWait = state.canWait, peerExited = state.peerExited }) => ({
    ...state,
    stage,
    canWait,
    peerExited,
    call: stage === STAGE.ADMITTED ? state.call : CALL.NONE,
  }),
  "socket.connecting": (state) => ({
    ...state,
    socket: state.socket === SOCKET.CLOSED ? SOCKET.CONNECTING : SOCKET.RETRYING,
    refused: null,
  }),
  "socket.open": (state) => ({ ...state, socket: SOCKET.OPEN, refused: null }),
  // The other side's seat is known again once the socket is back: a call in progress goes on.
  "socket.lost": (state) => ({ ...state, socket: SOCKET.RETRYING }),
  "socket.final": (state, { code }) => ({
    ...state,
    socket: SOCKET.CLOSED,
    refused: code,
    call: CALL.NONE,
    peer: NOBODY,
  }),
  peer: (state, { here, page, reason }) => {
    if (!here) {
      // Late news of an earlier page of theirs: another one sits there by now.
      if (state.peer.here && state.peer.page !== page) return state;
      // Without a reason it may be only their socket: a call that stands goes on.
      const call = reason ? CALL.NONE : state.call;
      return { ...state, call, peer: { ...NOBODY, left: reason ?? null }, peerQuality: null };
    }
    const same = state.peer.page === page;
    return { ...state, peer: { ...(same ? state.peer : NOBODY), here: true, page, left: null } };
  },
  "peer.media": (state, { ready, microphone, camera }) => ({
    ...state,
    peer: { ...state.peer, ready, microphone, camera },
  }),
  "peer.quality": (state, { level }) => ({ ...state, peerQuality: level }),
  media: (state, { status, hasCamera = false, hasMicrophone = false }) => ({
    ...state,
    media: status,
    hasCamera,
    hasMicrophone,
  }),
  toggle: (state, { device }) => ({ ...state, [device]: !state[device] }),
  call: (state, { status }) => ({ ...state, call: status }),
  quality: (state, { level }) => ({ ...state, quality: level }),
  intruder: (state) => ({ ...state, intruders: state.intruders + 1 }),
  leave: (state) => ({ ...state, left: true, call: CALL.NONE, media: MEDIA.OFF }),
};

export function next(state, event) {
  const change = ON[event.type];
  if (!change) throw new Error(`No such event: ${event.type}`);
  return Object.freeze(change(state, event));
}

// May this page hold a peer connection now? Both sides ask the same question.
export function wantsCall(state) {
  return (
    state.stage === STAGE.ADMITTED &&
    !state.left &&
    state.refused === null &&
    (state.media === MEDIA.ON || hasNoDevice(state))
  );
}

// Should the devices be asked for without a touch? Only in a call that has none yet: in the waiting
// room the person decides.
export function wantsDevices(state) {
  return (
    state.stage === STAGE.ADMITTED &&
    state.media === MEDIA.OFF &&
    !state.left &&
    state.refused === null
  );
}

// Only one side starts, so that two offers do not cross.
export function shouldOffer(state) {
  return wantsCall(state) && state.role === OFFICER && state.peer.here && state.peer.ready;
}

// Devices were asked for and there are none to be had: the call can still be seen and heard.
export function hasNoDevice(state) {
  return [MEDIA.REFUSED, MEDIA.ABSENT, MEDIA.BUSY].includes(state.media);
}

// Is the page's own answer to "ready" final, so that the other side may start?
export function isReady(state) {
  return wantsCall(state);
}

// The other side pressed the way out: treat it as danger until they are heard of.
export function hasExited(state) {
  return !state.peer.here && (state.peer.left === "exit" || state.peerExited);
}

// Which part of the victim's page is to be seen.
export function screen(state) {
  if (isOver(state)) return "over";
  if (state.stage === STAGE.ADMITTED) return "call";
  return state.stage === STAGE.WAITING ? "wait" : "arrive";
}

// The key of the sentence that says how things stand. The words are in the page, translated.
export function status(state) {
  if (state.refused === CLOSE.OCCUPIED) return "occupied";
  if (state.refused !== null) return "gone";
  if (isOver(state)) return state.stage;
  if (state.left) return "left";
  const trouble = {
    [MEDIA.ASKING]: "asking",
    [MEDIA.UNSUPPORTED]: "unsupported",
    [MEDIA.IN_APP]: "in_app",
  }[state.media];
  if (state.stage !== STAGE.ADMITTED) {
    if (state.socket === SOCKET.RETRYING) return "slow";
    if (state.role === OFFICER) return state.stage === STAGE.WAITING ? "they_wait" : "not_here";
    return state.stage === STAGE.WAITING ? "waiting" : "not_waiting";
  }
  if (trouble) return trouble;
  if (state.call === CALL.CONNECTED) {
    return state.socket === SOCKET.OPEN ? "connected" : "connected_slow";
  }
  if (state.call === CALL.INTERRUPTED) return "interrupted";
  if (hasExited(state)) return "peer_exit";
  if (!state.peer.here) return state.socket === SOCKET.OPEN ? "peer_away" : "slow";
  return "connecting";
}
