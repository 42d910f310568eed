import assert from "node:assert/strict";
import { test } from "node:test";
import { step } from "../../static/js/diary/carry.js";

const cells = (...spans) => spans.map((span) => ({ span }));
const rows = [cells(4, 3, 1, 1), cells(1, 1, 1, 1, 1, 4), cells(9)];

test("left and right go from cell to cell and stop at the ends", () => {
  assert.deepEqual(step(rows, { row: 0, cell: 1 }, "ArrowRight"), { row: 0, cell: 2 });
  assert.deepEqual(step(rows, { row: 0, cell: 0 }, "ArrowLeft"), { row: 0, cell: 0 });
  assert.deepEqual(step(rows, { row: 0, cell: 3 }, "ArrowRight"), { row: 0, cell: 3 });
});

test("up and down keep the time, whatever lies there", () => {
  assert.deepEqual(step(rows, { row: 0, cell: 1 }, "ArrowDown"), { row: 1, cell: 4 });
  assert.deepEqual(step(rows, { row: 1, cell: 5 }, "ArrowUp"), { row: 0, cell: 1 });
  assert.deepEqual(step(rows, { row: 1, cell: 2 }, "ArrowDown"), { row: 2, cell: 0 });
  assert.deepEqual(step(rows, { row: 2, cell: 0 }, "ArrowDown"), { row: 2, cell: 0 });
});
