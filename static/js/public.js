/* Everything a page needs, in one file: each further file is a round trip on a slow phone.
   It opens to anybody who holds the phone: no word in it tells what the pages are for. */

/**
 * The way out of every page.
 *
 * A press on the link, Escape (outside a dialog) or Shift three times within five seconds empties
 * the page at once, lets the video room stop camera and microphone (the event "vc:exit" on the
 * document), ends the visit on the server, and replaces this page by a dull one. Emptying comes
 * first, so it needs no network. Without script the link does the same, one round trip later.
 */
const SHIFTS = 3;
const SHIFT_WITHIN_MS = 5000;
const LONGEST_WAIT_MS = 700;

export class Exit {
  constructor(link) {
    this.link = link;
    this.steps = link.querySelector(".vc-exit__steps");
    this.shifts = [];
    this.left = false;
    link.addEventListener("click", (event) => this.leave(event));
    document.addEventListener("keydown", (event) => this.keyPressed(event), true);
    document.addEventListener("keyup", (event) => this.keyReleased(event), true);
  }

  keyPressed(event) {
    if (event.key === "Shift") {
      this.alone = !event.repeat;
      return;
    }
    this.alone = false;
    this.show(0);
    this.shifts = [];
    const free = !event.isComposing && !document.querySelector("dialog[open]") && !document.fullscreenElement;
    if (event.key === "Escape" && free) {
      this.leave(event);
    }
  }

  keyReleased(event) {
    // Shift held for a capital letter is no signal: only a press on its own counts.
    if (event.key !== "Shift" || !this.alone) {
      return;
    }
    const now = event.timeStamp;
    this.shifts = [...this.shifts.filter((at) => now - at < SHIFT_WITHIN_MS), now];
    this.show(this.shifts.length);
    if (this.shifts.length >= SHIFTS) {
      this.leave(event);
    }
  }

  show(count) {
    this.steps.textContent = "•".repeat(count);
  }

  leave(event) {
    event.preventDefault();
    if (this.left) {
      return;
    }
    this.left = true;
    const own = this.link.href;
    const away = this.link.dataset.away || own;
    document.documentElement.classList.add("vc-gone");
    document.dispatchEvent(new CustomEvent("vc:exit"));
    empty();
    const ended = fetch(own, { method: "POST", keepalive: true, redirect: "manual" }).catch(() => {});
    const waited = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS));
    Promise.race([ended, waited]).then(() => window.location.replace(away));
  }
}

/** Leave nothing to see or hear, in this document or in what the browser keeps of it. */
export function empty() {
  document.documentElement.classList.add("vc-gone");
  for (const media of document.querySelectorAll("video, audio")) {
    if (media.srcObject instanceof MediaStream) {
      media.srcObject.getTracks().forEach((track) => track.stop());
    }
    media.srcObject = null;
    media.removeAttribute("src");
  }
  document.body.replaceChildren();
}

/**
 * Says so two minutes before the visit ends, and lets it go on.
 *
 * The server knows how long is left: another page, or the call itself, may have kept the visit
 * alive. Writing counts as being there, so nobody is shut out in the middle of a sentence. The
 * page that says that a change is made is the last of its visit, and may be read all the same.
 */
const WARN_SECONDS = 120;
const TELL_EVERY_MS = 60_000;

class Closing {
  constructor(box) {
    this.box = box;
    this.told = performance.now();
    box.querySelector("button").addEventListener("click", () => this.ask("POST"));
    for (const name of ["input", "keydown", "pointerdown"]) {
      document.addEventListener(name, () => this.used(), { passive: true });
    }
    this.ask("GET");
  }

  used() {
    if (this.box.hidden && performance.now() - this.told > TELL_EVERY_MS) {
      this.ask("POST");
    }
  }

  ask(method) {
    const now = performance.now();
    this.told = now;
    clearTimeout(this.timer);
    const { seconds } = this.box.dataset;
    if (seconds) {
      // The visit is over already. This page alone is left, and closes by its own clock.
      this.ends = method === "POST" || !this.ends ? now + seconds * 1000 : this.ends;
      this.plan((this.ends - now) / 1000);
      return;
    }
    fetch(this.box.dataset.address, { method, cache: "no-store" })
      .then((answer) => answer.json())
      .then((answer) => this.plan(answer.seconds))
      .catch(() => this.askIn(30));
  }

  askIn(seconds) {
    this.timer = setTimeout(() => this.ask("GET"), seconds * 1000);
  }

  plan(seconds) {
    this.box.hidden = seconds > WARN_SECONDS;
    if (seconds <= 0) {
      empty();
      if (this.box.dataset.seconds) {
        // By GET: what this page was the answer to is not sent again.
        window.location.replace(window.location.href);
      } else {
        window.location.reload();
      }
      return;
    }
    this.askIn(seconds > WARN_SECONDS ? seconds - WARN_SECONDS + 1 : Math.min(seconds + 1, 30));
  }
}

const closing = document.getElementById("closing");
if (closing) {
  new Closing(closing);
}

const link = document.getElementById("exit");
if (link) {
  new Exit(link);
}

/* A browser may keep a page whole, to show it again on Back, even one that was not to be stored. So
   a page that is left is emptied, and one that comes back asks the server whether it may be seen. */
window.addEventListener("pagehide", empty);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    window.location.reload();
  }
});

const summary = document.getElementById("error-summary");
if (summary) {
  summary.setAttribute("tabindex", "-1");
  summary.focus();
}

/* What is typed is kept on the server while it is typed, where a form asks for it. */
const KEEP_AFTER_MS = 1500;
for (const form of document.querySelectorAll("form[data-saves]")) {
  let timer;
  const keep = () => {
    clearTimeout(timer);
    const body = new FormData(form);
    body.set("go", "save");
    fetch(form.action, { method: "POST", body }).catch(() => {});
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, KEEP_AFTER_MS);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
  document.addEventListener("vc:exit", () => clearTimeout(timer));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

/* A second press on a button while the first is under way sends nothing. What somebody wrote is
   sent only when the server is there to take it: this page is emptied as it goes, and Back would
   bring an empty one. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sure) {
    delete form.dataset.sure;
    return;
  }
  if (event.timeStamp - Number(form.dataset.sentAt || -Infinity) < 3000) {
    event.preventDefault();
    return;
  }
  form.dataset.sentAt = String(event.timeStamp);
  if (form.dataset.lost && closing) {
    event.preventDefault();
    sendIfThere(form, event.submitter);
  }
});

async function sendIfThere(form, button) {
  const there = await fetch(closing.dataset.address, { cache: "no-store", signal: AbortSignal.timeout(10_000) })
    .then((answer) => answer.ok)
    .catch(() => false);
  let line = form.querySelector("[data-not-sent]");
  if (there) {
    line?.remove();
    form.dataset.sure = "yes";
    form.requestSubmit(button);
    return;
  }
  if (!line) {
    line = document.createElement("p");
    line.className = "govuk-error-message";
    line.dataset.notSent = "";
    line.setAttribute("role", "alert");
    button ? button.before(line) : form.append(line);
  }
  delete form.dataset.sentAt;
  line.textContent = form.dataset.lost;
}
