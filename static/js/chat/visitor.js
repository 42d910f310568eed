/**
 * The visitor's chat in a browser: new lines come by themselves, and what is written is sent without
 * the page going. The words stay in the box until the server has them.
 */
import { Live, TIMES } from "../shifts/live.js";

const box = document.getElementById("chat");
const lines = document.getElementById("chat-lines");
const state = document.getElementById("chat-state");
const form = document.getElementById("chat-form");
const field = form.elements.body;
let count = lines.querySelectorAll(".vc-talk__line").length;

/** Put the lines in; what was there stays where it is, and a new one is scrolled to. */
function show(html) {
  if (html === lines.innerHTML) return;
  lines.innerHTML = html;
  const found = lines.querySelectorAll(".vc-talk__line");
  if (found.length > count) {
    found[found.length - 1].scrollIntoView({ block: "nearest" });
  }
  count = found.length;
}

async function ask() {
  // A POST: it says that this page is still open.
  const answer = await fetch(box.dataset.lines, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    cache: "no-store",
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.ok && !live.isLeft) {
    show(await answer.text());
  }
  return answer.ok;
}

function say(now) {
  state.textContent = now === "old" ? box.dataset.old : "";
}

form.addEventListener("submit", async (event) => {
  if (event.submitter?.name === "look") return;
  event.preventDefault();
  event.stopPropagation();
  if (form.dataset.busy || !field.value.trim()) {
    field.focus();
    return;
  }
  form.dataset.busy = "yes";
  const body = new FormData(form);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-Part": "1" },
      signal: AbortSignal.timeout(15_000),
    });
    if (answer.ok) {
      show(await answer.text());
      // Written on meanwhile? Only what was sent goes.
      field.value = field.value.startsWith(body.get("body")) ? field.value.slice(body.get("body").length) : field.value;
      form.elements.key.value = crypto.randomUUID();
      state.textContent = "";
    } else if ([409, 422, 429].includes(answer.status)) {
      // The whole page says what is wrong, beside the field, and holds the words.
      form.submit();
    } else {
      state.textContent = box.dataset.notSent;
    }
  } catch {
    state.textContent = box.dataset.notSent;
  }
  delete form.dataset.busy;
  field.focus();
});

const live = new Live({
  url: box.dataset.socket,
  ask,
  onState: say,
  times: { ...TIMES, gather: 100, asking: 3_000, live: 15_000 },
});
live.start();
document.getElementById("chat-look").hidden = true;
document.addEventListener("vc:exit", () => {
  live.isLeft = true;
});
globalThis.addEventListener("online", () => live.hurry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    live.hurry();
  }
});
