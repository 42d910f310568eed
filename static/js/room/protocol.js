// The room's message names. appointments/protocol.py has the same; a test compares the two.

export const OFFICER = "officer";
export const VICTIM = "victim";

export const STAGE = Object.freeze({
  BOOKED: "booked",
  WAITING: "waiting",
  ADMITTED: "admitted",
  ENDED: "ended",
  MISSED: "missed",
  CANCELLED: "cancelled",
});

export const FROM_PAGE = Object.freeze({
  HELLO: "hello",
  PONG: "pong",
  DESCRIPTION: "description",
  CANDIDATE: "candidate",
  MEDIA: "media",
  QUALITY: "quality",
  LEAVE: "leave",
});

export const FROM_SERVER = Object.freeze({
  WELCOME: "welcome",
  PING: "ping",
  PEER: "peer",
  DESCRIPTION: "description",
  CANDIDATE: "candidate",
  MEDIA: "media",
  QUALITY: "quality",
  CHANGED: "changed",
  INTRUDER: "intruder",
});

export const REASON = Object.freeze({ LEFT: "left", EXIT: "exit" });
export const WHAT = Object.freeze({
  STATE: "state",
  STATEMENT: "statement",
  EXHIBITS: "exhibits",
});
export const LEVEL = Object.freeze({ GOOD: "good", FAIR: "fair", POOR: "poor" });

export const CLOSE = Object.freeze({
  BAD_MESSAGE: 4400,
  NOT_ALLOWED: 4403,
  OCCUPIED: 4409,
  GONE: 4410,
});

const FINAL = new Set(Object.values(CLOSE));

// After these the page does not come back by itself.
export function isFinal(code) {
  return FINAL.has(code);
}

// A message from the server as an object, or null when it is none of ours.
export function read(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (message === null || typeof message !== "object") return null;
  return Object.values(FROM_SERVER).includes(message.type) ? message : null;
}

export function write(type, fields = {}) {
  if (!Object.values(FROM_PAGE).includes(type)) {
    throw new Error(`No such message: ${type}`);
  }
  return JSON.stringify({ type, ...fields });
}
