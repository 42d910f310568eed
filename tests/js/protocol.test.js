import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CLOSE,
  FROM_PAGE,
  FROM_SERVER,
  isFinal,
  read,
  write,
} from "../../static/js/room/protocol.js";

test("a message is written as one object with its type", () => {
  assert.deepEqual(JSON.parse(write(FROM_PAGE.HELLO, { page: "abcdefgh" })), {
    type: "hello",
    page: "abcdefgh",
  });
});

test("only messages of the protocol are written", () => {
  assert.throws(() => write("admit"), /No such message/);
});

test("what the server never says is read as nothing", () => {
  for (const text of ["", "nonsense", "null", "[]", "7", '"peer"', "{}", '{"type":"hello"}']) {
    assert.equal(read(text), null, text);
  }
  assert.deepEqual(read('{"type":"ping"}'), { type: FROM_SERVER.PING });
});

test("a page comes back after a lost line, and not after an answer", () => {
  for (const code of [1000, 1001, 1006, 1012]) assert.equal(isFinal(code), false);
  for (const code of Object.values(CLOSE)) assert.equal(isFinal(code), true);
});
