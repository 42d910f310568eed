import assert from "node:assert/strict";
import { test } from "node:test";

import { facts } from "../../static/js/room/controls.js";
import { isInApp, problem } from "../../static/js/room/media.js";
import { level, reading } from "../../static/js/room/network.js";
import { CLOSE, OFFICER, STAGE, VICTIM } from "../../static/js/room/protocol.js";
import { Signalling, waitBefore } from "../../static/js/room/signalling.js";
import { initial, next, wantsDevices } from "../../static/js/room/state.js";

class FakeSocket {
  static made = [];
  readyState = 0;
  sent = [];
  constructor(url) {
    this.url = url;
    FakeSocket.made.push(this);
  }
  open() {
    this.readyState = 1;
    this.onopen();
  }
  say(message) {
    this.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close(code) {
    this.closedWith = code ?? null;
    this.readyState = 3;
  }
  drop(code) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

function signalling() {
  FakeSocket.made = [];
  const events = [];
  const messages = [];
  const line = new Signalling({
    url: "ws://example.test/ws/visit/",
    page: "page-one",
    onEvent: (event) => events.push(event),
    onMessage: (message) => messages.push(message),
    WebSocket: FakeSocket,
  });
  line.start();
  return { line, events, messages, socket: () => FakeSocket.made.at(-1) };
}

test("the wait doubles, stops growing, and is spread out", () => {
  assert.equal(waitBefore(0, 0), 200);
  assert.equal(waitBefore(0, 1), 400);
  assert.equal(waitBefore(3, 1), 3200);
  assert.equal(waitBefore(50, 1), 8000);
  assert.equal(waitBefore(50, 0), 4000);
});

test("a socket says hello, answers pings and is open once welcomed", () => {
  const { events, messages, socket } = signalling();
  socket().open();
  socket().say({ type: "ping" });
  assert.deepEqual(events, [{ type: "socket.connecting" }]);

  socket().say({ type: "welcome", stage: "booked" });

  assert.deepEqual(socket().sent, [{ type: "hello", page: "page-one" }, { type: "pong" }]);
  assert.deepEqual(events.at(-1), { type: "socket.open" });
  assert.deepEqual(messages, [{ type: "welcome", stage: "booked" }]);
  FakeSocket.made.at(-1).drop(CLOSE.GONE);
});

test("a lost socket comes back, at once when hurried", () => {
  const { line, events, socket } = signalling();
  const first = socket();
  first.open();
  first.drop(1006);
  assert.deepEqual(events.at(-1), { type: "socket.lost" });
  assert.equal(line.send("pong"), false);

  line.hurry();

  assert.notEqual(socket(), first);
  socket().open();
  assert.deepEqual(socket().sent, [{ type: "hello", page: "page-one" }]);
  line.stop();
});

test("a refusal is final", () => {
  for (const code of Object.values(CLOSE)) {
    const { line, events, socket } = signalling();
    const first = socket();
    first.open();
    first.drop(code);
    line.hurry();
    assert.equal(socket(), first);
    assert.deepEqual(events.at(-1), { type: "socket.final", code });
  }
});

test("what an old socket still says is not heard", () => {
  const { line, messages, socket } = signalling();
  const first = socket();
  first.open();
  first.drop(1006);
  line.hurry();
  first.say({ type: "changed", what: "state" });
  assert.deepEqual(messages, []);
  line.stop();
});

const report = (received, lost, roundTrip) =>
  new Map([
    ["a", { type: "inbound-rtp", packetsReceived: received, packetsLost: lost, framesDecoded: 9 }],
    [
      "b",
      {
        type: "candidate-pair",
        nominated: true,
        state: "succeeded",
        currentRoundTripTime: roundTrip,
      },
    ],
    ["c", { type: "codec" }],
  ]);

test("quality is loss and delay between two readings", () => {
  const start = reading(report(100, 0, 0.05));
  assert.equal(level(null, start), null);
  assert.equal(level(start, reading(report(200, 0, 0.05))), "good");
  assert.equal(level(start, reading(report(197, 3, 0.05))), "fair");
  assert.equal(level(start, reading(report(190, 10, 0.05))), "poor");
  assert.equal(level(start, reading(report(200, 0, 0.5))), "fair");
  assert.equal(level(start, reading(report(200, 0, 0.9))), "poor");
  assert.equal(level(start, start), "poor");
});

test("each failure to open a camera has its own word", () => {
  const facebook = "Mozilla/5.0 (iPhone) AppleWebKit/605 [FBAN/FBIOS;FBAV/400]";
  const chrome = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/126 Mobile Safari/537";
  assert.equal(isInApp(facebook), true);
  assert.equal(isInApp(chrome), false);
  assert.equal(problem({ name: "NotAllowedError" }, chrome), "refused");
  assert.equal(problem({ name: "NotAllowedError" }, facebook), "in_app");
  assert.equal(problem({ name: "NotFoundError" }, chrome), "absent");
  assert.equal(problem({ name: "NotReadableError" }, chrome), "busy");
});

test("only an officer with someone waiting may admit", () => {
  assert.equal(facts(initial({ role: OFFICER, stage: STAGE.WAITING })).may_admit, true);
  assert.equal(facts(initial({ role: OFFICER, stage: STAGE.BOOKED })).may_admit, false);
  assert.equal(facts(initial({ role: VICTIM, stage: STAGE.WAITING })).may_admit, false);
});

test("an attempt to join shows until the page is closed", () => {
  const state = initial({ role: OFFICER, stage: STAGE.ADMITTED });
  assert.equal(facts(state).intruder, false);
  assert.equal(facts(next(state, { type: "intruder" })).intruder, true);
});

test("devices are asked for without a touch only in a call", () => {
  const admitted = initial({ role: VICTIM, stage: STAGE.ADMITTED });
  assert.equal(wantsDevices(admitted), true);
  assert.equal(wantsDevices(initial({ role: VICTIM, stage: STAGE.WAITING })), false);
  assert.equal(wantsDevices(next(admitted, { type: "leave" })), false);
  assert.equal(wantsDevices(next(admitted, { type: "socket.final", code: CLOSE.GONE })), false);
});
