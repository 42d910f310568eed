/**
 * The team leader's board in a browser: which words say how true it is, and what stays as it was
 * when its moving part is put in again.
 */
import { Live } from "./live.js";

const board = document.getElementById("board");
const state = document.getElementById("board-state");

/** Have htmx fetch the board; gives whether it came. */
function ask() {
  return new Promise((resolve) => {
    const settled = (event) => {
      if (event.detail.elt !== board) return;
      board.removeEventListener("htmx:afterRequest", settled);
      resolve(event.detail.successful);
    };
    board.addEventListener("htmx:afterRequest", settled);
    globalThis.htmx.trigger(board, "look-again");
  });
}

function clock(ms) {
  return new Date(ms).toLocaleTimeString("en-GB", { timeZone: "Europe/London" });
}

let said = "";
function say(now, since) {
  const words = {
    live: "Live",
    asking: "Not live: asked for every 5 seconds",
    old: `Out of date since ${clock(since)}: no answer from the server`,
  }[now];
  if (words === said) return;
  said = words;
  state.textContent = words;
  state.className = `vc-board__state vc-board__state--${now}`;
}

/* What was opened stays open when the board is put in again. */
let opened = [];
board.addEventListener("htmx:beforeSwap", () => {
  opened = [...board.querySelectorAll("details[open][id]")].map((each) => each.id);
});
board.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) {
    document.getElementById(id)?.setAttribute("open", "");
  }
});

/* What can be done is read from its beginning. */
document.getElementById("act").addEventListener("htmx:afterSettle", (event) => {
  event.currentTarget.querySelector("[tabindex='-1']")?.focus();
});
document.getElementById("act").addEventListener("click", (event) => {
  if (event.target.id === "act-close") {
    event.preventDefault();
    event.currentTarget.replaceChildren();
  }
});

const live = new Live({ url: state.dataset.socket, ask, onState: say });
live.start();
globalThis.addEventListener("online", () => live.hurry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    live.hurry();
  }
});
