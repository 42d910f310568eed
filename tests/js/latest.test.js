import assert from "node:assert/strict";
import { test } from "node:test";
import { Latest } from "../../static/js/triage/latest.js";

/** Timers that run when they are told to. */
function clock() {
  const waiting = new Map();
  let next = 1;
  return {
    setTimeout(run, ms) {
      waiting.set(next, { run, ms });
      return next++;
    },
    clearTimeout: (id) => waiting.delete(id),
    get waits() {
      return [...waiting.values()].map(({ ms }) => ms);
    },
    run() {
      const due = [...waiting.values()];
      waiting.clear();
      due.forEach(({ run }) => run());
    },
  };
}

/** A server whose answers are given by hand. */
function world() {
  const timers = clock();
  const asked = [];
  const shown = [];
  const troubles = [];
  const stale = [];
  const latest = new Latest({
    send: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    onAnswer: (answer) => shown.push(answer),
    onStale: (answer) => stale.push(answer),
    onTrouble: (error, wait) => troubles.push([error, wait]),
    timers,
  });
  return { timers, asked, shown, stale, troubles, latest };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("waits for a pause, and asks once for many changes", async () => {
  const { latest, timers, asked, shown } = world();
  latest.changed();
  latest.changed();
  assert.deepEqual([asked.length, timers.waits], [0, [400]]);
  timers.run();
  asked[0].resolve("two");
  await turn();
  assert.deepEqual([asked.length, shown, latest.isSettled], [1, ["two"], true]);
});

test("has one question in flight, and does not show an answer that is out of date", async () => {
  const { latest, timers, asked, shown, stale } = world();
  latest.changed();
  timers.run();
  latest.changed();
  timers.run();
  assert.equal(asked.length, 1);
  asked[0].resolve("old");
  await turn();
  assert.deepEqual([shown, stale], [[], ["old"]]);
  timers.run();
  asked[1].resolve("new");
  await turn();
  assert.deepEqual(shown, ["new"]);
});

test("tries again later each time, and recovers", async () => {
  const { latest, timers, asked, shown, troubles } = world();
  latest.changed();
  for (let n = 0; n < 3; n += 1) {
    timers.run();
    asked[n].reject("gone");
    await turn();
  }
  assert.deepEqual(troubles, [["gone", 1000], ["gone", 2000], ["gone", 4000]]);
  timers.run();
  asked[3].resolve("back");
  await turn();
  assert.deepEqual([shown, latest.failures], [["back"], 0]);
});

test("settle asks at once and waits until the last word is answered", async () => {
  const { latest, asked, shown } = world();
  latest.changed();
  const settled = latest.settle();
  latest.changed();
  asked[0].resolve("old");
  await turn();
  asked[1].resolve("new");
  await settled;
  assert.deepEqual(shown, ["new"]);
});

test("settle says so when the server is gone", async () => {
  const { latest, asked } = world();
  latest.changed();
  const settled = latest.settle();
  asked[0].reject(new Error("gone"));
  await assert.rejects(settled, /gone/);
});
