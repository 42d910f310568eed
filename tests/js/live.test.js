// The board's line to the server, with a clock, a socket and a network of our own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Live, SIGNED_OUT, TIMES } from "../../static/js/shifts/live.js";

class Clock {
  time = 0;
  waiting = [];
  setTimeout = (what, ms) => {
    const timer = { at: this.time + ms, what };
    this.waiting.push(timer);
    return timer;
  };
  clearTimeout = (timer) => {
    this.waiting = this.waiting.filter((each) => each !== timer);
  };
  now = () => this.time;
  async pass(ms) {
    const until = this.time + ms;
    for (;;) {
      const next = this.waiting.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.clearTimeout(next);
      this.time = next.at;
      next.what();
      await settle();
    }
    this.time = until;
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

function world({ answers = () => true } = {}) {
  const clock = new Clock();
  const sockets = [];
  const asked = [];
  const states = [];
  class Socket {
    constructor(url) {
      this.url = url;
      this.isClosed = false;
      sockets.push(this);
    }
    close() {
      this.isClosed = true;
    }
    hint() {
      this.onmessage({ data: '{"type":"changed"}' });
    }
    ping() {
      this.onmessage({ data: '{"type":"ping"}' });
    }
  }
  const live = new Live({
    url: "ws://here/ws/board/",
    WebSocket: Socket,
    timers: clock,
    now: clock.now,
    random: () => 1,
    ask: async () => {
      asked.push(clock.time);
      return answers(clock.time);
    },
    onState: (state) => {
      if (states.at(-1) !== state) states.push(state);
    },
  });
  live.start();
  return { clock, sockets, asked, states, live };
}

test("a socket that opens asks at once, for what changed before it was there", async () => {
  const { clock, sockets, asked, states } = world();
  await clock.pass(1000);
  sockets[0].onopen();
  await clock.pass(0);

  assert.deepEqual(asked, [1000]);
  assert.deepEqual(states, ["asking", "live"]);
});

test("hints that come together are one question, and one during an answer is asked after it", async () => {
  const { clock, sockets, asked, live } = world();
  sockets[0].onopen();
  await clock.pass(0);
  for (let number = 0; number < 20; number += 1) sockets[0].hint();
  await clock.pass(TIMES.gather);
  assert.equal(asked.length, 2);

  live.inFlight = true;
  sockets[0].hint();
  assert.equal(live.isWanted, true);
});

test("without a socket the page is asked for every five seconds", async () => {
  const { clock, asked, states } = world();
  await clock.pass(16_000);

  assert.deepEqual(asked, [5000, 10_000, 15_000]);
  assert.deepEqual(states, ["asking"]);
});

test("a dropped socket is tried again, later each time, and its return asks at once", async () => {
  const { clock, sockets, asked, states } = world();
  sockets[0].onopen();
  await clock.pass(2000);
  sockets[0].onclose({ code: 1006 });
  await clock.pass(500);
  assert.equal(sockets.length, 2);
  sockets[1].onclose({ code: 1006 });
  await clock.pass(900);
  assert.equal(sockets.length, 2);
  await clock.pass(100);
  assert.equal(sockets.length, 3);
  const before = asked.length;
  sockets[2].onopen();
  await clock.pass(0);

  assert.equal(asked.length, before + 1);
  assert.deepEqual(states, ["asking", "live", "asking", "live"]);
});

test("a line that says nothing is dead, though nobody closed it", async () => {
  const { clock, sockets, states } = world();
  sockets[0].onopen();
  await clock.pass(20_000);
  sockets[0].ping();
  await clock.pass(TIMES.silence - 1);
  assert.equal(sockets[0].isClosed, false);
  await clock.pass(1);

  assert.equal(sockets[0].isClosed, true);
  assert.equal(states.at(-1), "asking");
});

test("a page that gets no answer says since when it is old, and stops saying it after one", async () => {
  let isUp = true;
  const { clock, states } = world({ answers: () => isUp });
  await clock.pass(5000);
  isUp = false;
  await clock.pass(25_100);
  assert.equal(states.at(-1), "old");
  isUp = true;
  await clock.pass(5000);

  assert.equal(states.at(-1), "asking");
});

test("whoever is signed out is not knocked for again", async () => {
  const { clock, sockets } = world();
  sockets[0].onopen();
  await clock.pass(0);
  sockets[0].onclose({ code: SIGNED_OUT });
  await clock.pass(60_000);

  assert.equal(sockets.length, 1);
});
