import assert from "node:assert/strict";
import { test } from "node:test";

import { CLOSE, OFFICER, STAGE, VICTIM } from "../../static/js/room/protocol.js";
import {
  CALL,
  MEDIA,
  initial,
  next,
  screen,
  shouldOffer,
  status,
  wantsCall,
} from "../../static/js/room/state.js";

const after = (state, ...events) => events.reduce(next, state);
const officer = (stage) => initial({ role: OFFICER, stage });
const victim = (stage) => initial({ role: VICTIM, stage });
const open = [{ type: "socket.connecting" }, { type: "socket.open" }];
const devices = { type: "media", status: MEDIA.ON, hasCamera: true, hasMicrophone: true };
const here = { type: "peer", here: true, page: "page-one" };
const ready = { type: "peer.media", ready: true, microphone: true, camera: true };

test("the officer starts the call when both are in, admitted and ready", () => {
  const steps = [...open, devices, here, ready];

  assert.equal(shouldOffer(after(officer(STAGE.ADMITTED), ...steps)), true);
  for (let missing = 2; missing < steps.length; missing += 1) {
    const without = steps.filter((_, index) => index !== missing);
    assert.equal(shouldOffer(after(officer(STAGE.ADMITTED), ...without)), false);
  }
  assert.equal(shouldOffer(after(officer(STAGE.WAITING), ...steps)), false);
});

test("the victim never starts it", () => {
  assert.equal(shouldOffer(after(victim(STAGE.ADMITTED), ...open, devices, here, ready)), false);
});

test("a waiting victim is not in a call whatever arrives", () => {
  assert.equal(wantsCall(after(victim(STAGE.WAITING), ...open, devices, here, ready)), false);
});

test("without a camera one can still be in the call", () => {
  const state = after(victim(STAGE.ADMITTED), ...open, { type: "media", status: MEDIA.REFUSED });
  assert.equal(wantsCall(state), true);
});

test("a reload of the other page forgets what the earlier load said", () => {
  const state = after(officer(STAGE.ADMITTED), ...open, here, ready);
  assert.equal(state.peer.ready, true);
  assert.equal(next(state, { type: "peer", here: true, page: "page-one" }).peer.ready, true);
  assert.equal(next(state, { type: "peer", here: true, page: "page-two" }).peer.ready, false);
});

test("late news that an earlier page went does not hide the one that came", () => {
  const state = after(officer(STAGE.ADMITTED), ...open, { ...here, page: "page-two" });
  const late = { type: "peer", here: false, page: "page-one", reason: "exit" };
  assert.equal(next(state, late).peer.here, true);
  assert.equal(next(state, { ...late, page: "page-two" }).peer.here, false);
});

test("losing the socket does not end a call", () => {
  const talking = after(officer(STAGE.ADMITTED), ...open, devices, here, ready, {
    type: "call",
    status: CALL.CONNECTED,
  });
  const without = next(talking, { type: "socket.lost" });

  assert.equal(without.call, CALL.CONNECTED);
  assert.equal(wantsCall(without), true);
  assert.equal(status(without), "connected_slow");
});

test("the other side's lost socket does not end a call, their leaving does", () => {
  const talking = after(officer(STAGE.ADMITTED), ...open, devices, here, ready, {
    type: "call",
    status: CALL.CONNECTED,
  });
  const gone = { type: "peer", here: false, page: "page-one", reason: null };
  assert.equal(next(talking, gone).call, CALL.CONNECTED);
  assert.equal(next(talking, { ...gone, reason: "left" }).call, CALL.NONE);
  assert.equal(status(next(talking, { ...gone, reason: "left" })), "peer_away");
});

test("ending, leaving and being refused each end it", () => {
  const talking = after(victim(STAGE.ADMITTED), ...open, devices, here, {
    type: "call",
    status: CALL.CONNECTED,
  });
  const ways = [
    { type: "truth", stage: STAGE.ENDED },
    { type: "leave" },
    { type: "socket.final", code: CLOSE.GONE },
  ];
  for (const event of ways) {
    const state = next(talking, event);
    assert.equal(wantsCall(state), false, event.type);
    assert.equal(state.call, CALL.NONE, event.type);
  }
});

test("the victim's screen follows the stage", () => {
  const expected = [
    [STAGE.BOOKED, "arrive"],
    [STAGE.WAITING, "wait"],
    [STAGE.ADMITTED, "call"],
    [STAGE.ENDED, "over"],
    [STAGE.MISSED, "over"],
    [STAGE.CANCELLED, "over"],
  ];
  for (const [stage, part] of expected) assert.equal(screen(victim(stage)), part);
});

test("an exit stays in sight until the other side is back", () => {
  const seen = after(officer(STAGE.ADMITTED), ...open, devices, {
    type: "truth",
    stage: STAGE.ADMITTED,
    peerExited: true,
  });
  assert.equal(status(seen), "peer_exit");
  assert.equal(status(after(seen, here)), "connecting");
});

test("each situation has its sentence", () => {
  const cases = [
    [officer(STAGE.BOOKED), [...open], "not_here"],
    [officer(STAGE.WAITING), [...open], "they_wait"],
    [victim(STAGE.WAITING), [...open], "waiting"],
    [victim(STAGE.WAITING), [...open, { type: "socket.lost" }], "slow"],
    [victim(STAGE.ADMITTED), [...open, devices], "peer_away"],
    [victim(STAGE.ADMITTED), [...open, devices, here], "connecting"],
    [victim(STAGE.ADMITTED), [...open, { type: "media", status: MEDIA.IN_APP }], "in_app"],
    [officer(STAGE.ADMITTED), [...open, { ...here, here: false, reason: "exit" }], "peer_exit"],
    [victim(STAGE.WAITING), [{ type: "socket.final", code: CLOSE.OCCUPIED }], "occupied"],
    [victim(STAGE.WAITING), [{ type: "socket.final", code: CLOSE.GONE }], "gone"],
    [victim(STAGE.ENDED), [], "ended"],
  ];
  for (const [state, events, expected] of cases) {
    assert.equal(status(after(state, ...events)), expected);
  }
});

test("a state is never changed in place", () => {
  const state = officer(STAGE.BOOKED);
  assert.throws(() => {
    state.stage = STAGE.ENDED;
  }, TypeError);
  assert.throws(() => next(state, { type: "nonsense" }), /No such event/);
});
