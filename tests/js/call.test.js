/* Urgent chats that nobody has call everybody at the desk, and stop when somebody takes them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Call } from "../../static/js/chat/call.js";

function desk() {
  const made = { keys: [], sounds: 0, runs: null };
  const button = { addEventListener: (_, pressed) => (made.press = pressed), setAttribute: (name, value) => (made[name] = value) };
  const banner = { textContent: "", hidden: true };
  const timers = { setInterval: (run) => (made.runs = run), clearInterval: () => (made.runs = null) };
  const page = { title: "Digital desk" };
  const call = new Call({ banner, button, found: () => made.keys, sound: () => (made.sounds += 1), page, timers });
  return Object.assign(made, { banner, button, page, call });
}

test("it calls until somebody takes it", () => {
  const at = desk();
  at.call.wake();
  at.keys = ["a"];
  at.call.look();
  at.call.look();

  assert.equal(at.sounds, 1, "asked for again, the same chat is no new call");
  at.runs();
  assert.equal(at.sounds, 2);
  assert.equal(at.page.title, "(1) Digital desk");
  assert.match(at.banner.textContent, /nobody has it/);

  at.keys = ["a", "b"];
  at.call.look();
  assert.equal(at.sounds, 3, "one more is heard at once");

  at.keys = [];
  at.call.look();
  assert.deepEqual([at.runs, at.page.title, at.banner.hidden], [null, "Digital desk", true]);
});

test("the sound is turned off by whoever sits there, the line stays", () => {
  const at = desk();
  at.call.wake();
  at.press();
  at.keys = ["a"];
  at.call.look();

  assert.deepEqual([at.sounds, at.banner.hidden, at["aria-pressed"]], [0, false, "false"]);
});

test("silent until somebody pressed something, and told so", () => {
  const at = desk();
  at.keys = ["a"];
  at.call.look();
  assert.equal(at.sounds, 0);

  at.call.wake();
  at.runs();

  assert.deepEqual([at.sounds, at.button.textContent], [1, "Sound is on"]);
});
