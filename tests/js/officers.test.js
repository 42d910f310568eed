import assert from "node:assert/strict";
import { test } from "node:test";

import { Officers } from "../../static/js/components/officers.js";

function pressed(event, isConnected = true) {
  let press = null;
  let clicks = 0;
  let prevented = 0;
  globalThis.document = { addEventListener: (name, heard) => { press = name === "keydown" ? heard : press; } };
  new Officers({ isConnected, click: () => { clicks += 1; } });
  press({ key: "F10", preventDefault: () => { prevented += 1; }, ...event });
  return [clicks, prevented];
}

test("F10 presses the button once, in any field", () => {
  assert.deepEqual(pressed({}), [1, 1]);
});

test("a key held down, or another one, presses nothing", () => {
  for (const event of [{ repeat: true }, { key: "F9" }, { ctrlKey: true }, { altKey: true }, { shiftKey: true }]) {
    assert.deepEqual(pressed(event), [0, 0]);
  }
});

test("a button that was taken away is not pressed", () => {
  assert.deepEqual(pressed({}, false), [0, 0]);
});
