/**
 * Carry an appointment on the desk's day, by pointer or by keys. It only fills in the form below,
 * which says what will happen: a person presses its button, because a victim gets a text.
 */
import { step } from "./carry.js";

const says = document.getElementById("desk-says");
const place = document.getElementById("place");
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
let carried = null;

const day = () => document.getElementById("desk-day");
const lines = () => [...day().querySelectorAll("tr[data-officer]")];
const cells = (line) => [...line.querySelectorAll("td")];

function say(words) {
  says.textContent = words;
}

function mark(cell) {
  day().querySelector(".vc-day__cell--target")?.classList.remove("vc-day__cell--target");
  cell?.classList.add("vc-day__cell--target");
}

/** Buttons are there for whoever has script. */
function show() {
  day()?.querySelectorAll("[data-carry]").forEach((button) => {
    button.hidden = false;
  });
}

function take(card, how) {
  const name = card.querySelector(".vc-slip__name").textContent;
  carried = { card, how, name, target: card.closest("td") };
  card.classList.add("vc-slip--carried");
}

function drop() {
  mark(null);
  carried?.card.classList.remove("vc-slip--carried");
  carried?.ghost?.remove();
  carried = null;
}

/** Fill the form with where it was put, and stand at its button. */
function put(cell) {
  const line = cell.closest("tr");
  const { card, name } = carried;
  const form = place.querySelector("form");
  const isSame = card.closest("td") === cell;
  drop();
  if (isSame) {
    say("It stays where it is.");
    card.querySelector("[data-carry]")?.focus();
    return;
  }
  form.elements.appointment.value = card.dataset.card;
  form.elements.officer.value = line.dataset.officer;
  form.elements.on.value = day().dataset.day;
  form.elements.time.value = cell.dataset.at;
  form.elements.key.value = crypto.randomUUID();
  if (form.elements.appointment.value !== card.dataset.card || !form.elements.officer.value) {
    // Booked since the page was opened: the form does not know it yet.
    say("This page is older than that appointment. It is loaded again.");
    globalThis.location.reload();
    return;
  }
  place.classList.add("vc-place--ready");
  place.scrollIntoView({ block: "nearest" });
  form.querySelector("[type=submit]").focus();
  say(`${name}: ${cell.dataset.at} with ${line.dataset.name}. Press Put it there, or choose again.`);
}

function told(cell) {
  const isFree = cell.classList.contains("vc-day__cell--free");
  const here = cell.contains(carried.card) ? "where it is now" : "taken";
  const what = cell.dataset.says || (isFree ? "free" : here);
  return `${cell.closest("tr").dataset.name}, ${cell.dataset.at}, ${what.toLowerCase()}`;
}

function arrow(key) {
  const table = lines();
  const row = table.findIndex((line) => line.contains(carried.target));
  const shape = table.map((line) => cells(line).map((cell) => ({ span: cell.colSpan })));
  const next = step(shape, { row, cell: cells(table[row]).indexOf(carried.target) }, key);
  carried.target = cells(table[next.row])[next.cell];
  mark(carried.target);
  carried.target.scrollIntoView({ block: "nearest", inline: "nearest" });
  say(told(carried.target));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-carry]");
  if (!button || carried) {
    return;
  }
  take(button.closest("[data-card]"), "keys");
  mark(carried.target);
  say(`Carrying ${carried.name}. Arrow keys choose officer and time, Enter puts it there, Escape leaves it.`);
});

document.addEventListener("keydown", (event) => {
  if (!carried) {
    return;
  }
  if (event.key === "Escape" || event.key === "Tab") {
    const { card } = carried;
    drop();
    say("Left where it was.");
    if (event.key === "Escape") {
      card.querySelector("[data-carry]")?.focus();
    }
  } else if (carried.how === "keys" && ARROWS.includes(event.key)) {
    event.preventDefault();
    arrow(event.key);
  } else if (carried.how === "keys" && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    put(carried.target);
  }
});

/* By pointer: a press that moves is a drag; one that does not is a click on the link. */
let pressed = null;
document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest("[data-card]");
  if (card && event.button === 0 && !event.target.closest("[data-carry]")) {
    pressed = { card, x: event.clientX, y: event.clientY };
  }
});

document.addEventListener("pointermove", (event) => {
  if (pressed && !carried && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 6) {
    take(pressed.card, "pointer");
    carried.ghost = pressed.card.cloneNode(true);
    carried.ghost.classList.add("vc-drag-ghost");
    document.body.append(carried.ghost);
  }
  if (carried?.how === "pointer") {
    event.preventDefault();
    carried.ghost.style.left = `${event.clientX - 20}px`;
    carried.ghost.style.top = `${event.clientY - 10}px`;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    mark(under?.closest("#desk-day td[data-at]"));
  }
});

document.addEventListener("pointerup", (event) => {
  pressed = null;
  if (carried?.how !== "pointer") {
    return;
  }
  const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest("#desk-day td[data-at]");
  // The click that follows a drag opens no link.
  const swallow = (click) => click.preventDefault();
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  if (cell) {
    put(cell);
  } else {
    drop();
    say("Left where it was.");
  }
});

document.addEventListener("selectstart", (event) => {
  if (pressed || carried) {
    event.preventDefault();
  }
});

document.addEventListener("pointercancel", () => {
  pressed = null;
  drop();
});

/* What is carried is not pulled away by the page's own asking. */
for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) {
  document.addEventListener(name, (event) => {
    if ((carried || pressed) && event.target.id === "desk-day") {
      event.preventDefault();
    }
  });
}
/* Put in again, it lies as it lay. */
const scroller = () => day()?.querySelector(".vc-day-scroll");
let lay = 0;
document.addEventListener("htmx:beforeSwap", () => {
  lay = scroller()?.scrollLeft ?? 0;
});
document.addEventListener("htmx:afterSettle", () => {
  show();
  if (scroller()) {
    scroller().scrollLeft = lay;
  }
});
show();

/* The day begins to be looked at now; another day, and before it opens, at the working day or
   where something is earlier. A desk that is open all night begins at midnight. */
const WORKING_DAY = "08:00";
const begin = () => {
  const first = scroller().querySelector(".vc-day__who").offsetWidth;
  const hours = [...scroller().querySelectorAll("[data-hour]")];
  const upTo = (time) => hours.findLast((hour) => hour.dataset.hour <= time) ?? hours[0];
  const now = day().dataset.now;
  const slips = [...day().querySelectorAll(".vc-day .vc-slip")];
  const wanted = now
    ? [upTo(now).offsetLeft]
    : [upTo(WORKING_DAY), ...slips.map((slip) => slip.closest("td"))].map((cell) => cell.offsetLeft);
  scroller().scrollLeft = Math.min(...wanted) - first;
};
if (scroller()) {
  begin();
}
