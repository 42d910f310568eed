/**
 * The digital desk in a browser: the lists and the open chat are fetched again after each hint, the
 * answer is sent by Enter, and a question that the engine proposes goes into it by one press.
 * Urgent words that nobody has call everybody: in the page, in its title and by a sound.
 */
import { Call, tone } from "./call.js";
import { Live, TIMES } from "../shifts/live.js";

const state = document.getElementById("desk-state");
const parts = [...document.querySelectorAll("[data-live]")];

/** Say that somebody is here, where no socket does. Lost, the next question says it again. */
function tellWeAreHere() {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  fetch(state.dataset.here, { method: "POST", headers: { ...headers, "X-Background": "1" } }).catch(() => {});
}

/** Have htmx fetch each part; gives whether all came. */
function ask() {
  if (!live.isOpen) {
    tellWeAreHere();
  }
  const asked = parts.map(
    (part) =>
      new Promise((resolve) => {
        const done = (event) => {
          if (event.detail.elt !== part) return;
          part.removeEventListener("htmx:afterRequest", done);
          resolve(event.detail.successful);
        };
        part.addEventListener("htmx:afterRequest", done);
        globalThis.htmx.trigger(part, "look-again");
      }),
  );
  return Promise.all(asked).then((came) => came.every(Boolean));
}

function say(now) {
  const words = { live: "Live", asking: "Asked for every 5 seconds", old: "Out of date: no answer from the server" };
  if (state.textContent !== words[now]) {
    state.textContent = words[now];
  }
}

const form = document.getElementById("desk-answer");
if (form) {
  const field = form.elements.body;
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt === form && !field.value.trim()) {
      event.preventDefault();
    }
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    // Kept by the server: gone from the box. Refused or lost: it stays.
    // (A refusal is swapped in, so htmx calls it successful.)
    if (event.detail.elt === form && event.detail.successful && event.detail.xhr.status < 400) {
      field.value = "";
      form.elements.key.value = crypto.randomUUID();
      field.focus();
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask]");
    if (button) {
      field.value = field.value.trim() ? `${field.value.trim()} ${button.dataset.ask}` : button.dataset.ask;
      field.focus();
    }
  });
}

/* The newest line is in sight, unless somebody has scrolled up to read. */
function readOn() {
  for (const button of document.querySelectorAll("[data-ask]")) {
    button.hidden = false;
  }
  const log = document.getElementById("desk-log");
  const write = document.getElementById("desk-write");
  if (write && log) {
    write.hidden = log.hasAttribute("data-over");
  }
  if (log && log.dataset.lines !== readOn.lines) {
    readOn.lines = log.dataset.lines;
    log.scrollTop = log.scrollHeight;
  }
}
document.addEventListener("htmx:afterSettle", readOn);
readOn();

const call = new Call({
  banner: document.getElementById("desk-call"),
  button: document.getElementById("desk-sound"),
  found: () => [...document.querySelectorAll("[data-calling]")].map((each) => each.dataset.calling),
  sound: tone(globalThis.AudioContext, document, () => call.wake()),
});
document.addEventListener("htmx:afterSettle", () => call.look());
call.look();

const live = new Live({ url: state.dataset.socket, ask, onState: say, times: { ...TIMES, gather: 150, live: 10_000 } });
live.start();
globalThis.addEventListener("online", () => live.hurry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    live.hurry();
  }
});
