/**
 * The page that a call handler types into, for a new report and for a fresh assessment.
 *
 * Without it the page works with its buttons. With it, every word is saved and scored as it is
 * typed, and the keys named on the page work. Nothing here ever moves the focus by itself.
 */
import { Latest } from "./latest.js";
import { Server } from "./server.js";
import { putIn } from "./parts.js";

const LONGEST = 20000;
const SAYS = {
  "signed out": "You are signed out. What you typed is still here.",
  refused: "The server refuses what was sent. What you typed is still here.",
  slow: "The server is slow. The panel is out of date; keep typing.",
  gone: "No connection to the server. The panel is out of date; keep typing.",
};

class Report {
  constructor(form) {
    this.form = form;
    this.server = new Server(form);
    this.address = form.dataset.score;
    this.latest = new Latest({
      send: () => this.server.score(this.address),
      onAnswer: (answer) => this.show(answer, true),
      onStale: (answer) => this.show(answer, false),
      onTrouble: (error, wait) => this.trouble(error, wait),
    });
    this.mayLeave = false;
    this.isKept = false;
    form.addEventListener("input", (event) => this.changed(event));
    form.addEventListener("change", (event) => this.changed(event));
    form.addEventListener("click", (event) => this.clicked(event));
    form.addEventListener("submit", (event) => this.submitted(event));
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeunload", (event) => this.leaving(event));
    this.count();
    this.compare();
    if (!document.querySelector(".govuk-error-summary")) {
      this.words.focus({ preventScroll: true });
      this.words.setSelectionRange(this.words.value.length, this.words.value.length);
    }
  }

  get words() {
    return this.form.elements.narrative;
  }

  changed(event) {
    this.count();
    if (event.target.name === "grade") {
      this.compare();
    }
    this.say("panel-state", "reading…");
    this.latest.changed();
  }

  count() {
    const { length } = [...this.words.value];
    const left = LONGEST - length;
    const line = document.getElementById("narrative-count");
    line.classList.toggle("vc-count-left--over", left < 0);
    const shown = length.toLocaleString("en-GB");
    if (left < 0) {
      line.textContent = `${shown} characters: ${(-left).toLocaleString("en-GB")} too many. Nothing is cut; shorten it before recording.`;
    } else {
      line.textContent = left < 2000 ? `${shown} of 20,000 characters` : "";
    }
  }

  show({ html, version }, isNewest) {
    if (version) {
      this.form.elements.version.value = version;
      if (this.form.dataset.resume && !window.location.pathname.endsWith(this.form.dataset.resume)) {
        window.history.replaceState(null, "", this.form.dataset.resume);
      }
      this.address = this.form.dataset.score;
    }
    this.isKept = Boolean(version);
    this.say("trouble-here", "");
    if (!isNewest) {
      return;
    }
    putIn(html);
    for (const input of this.form.querySelectorAll("input[data-given]")) {
      if (this.form.querySelector(`[name="${input.name}"]:not([data-given])`)) {
        input.remove();
      }
    }
    this.say("panel-state", "");
    const { grade, label } = document.getElementById("panel").dataset;
    this.form.elements.seen_grade.value = grade;
    this.say("recommended", `${grade} ${label}`);
    this.say("recommended-below", `${grade} ${label}`);
    this.compare();
  }

  trouble(error, wait) {
    const line = document.getElementById("trouble-here");
    const words = `${SAYS[error.kind] || SAYS.gone} Trying again in ${Math.round(wait / 1000)} s.`;
    this.say("panel-state", "out of date");
    if (error.kind !== "signed out") {
      this.say("trouble-here", words);
      return;
    }
    if (line.dataset.kind !== error.kind || !line.textContent) {
      const link = document.createElement("a");
      link.href = this.form.dataset.signIn;
      link.target = "_blank";
      link.rel = "noopener";
      link.className = "govuk-link";
      link.textContent = "Sign in in another tab";
      line.replaceChildren(`${SAYS[error.kind]} `, link, ": this page then goes on by itself.");
      line.dataset.kind = error.kind;
    }
  }

  say(id, words) {
    const place = document.getElementById(id);
    if (place.textContent !== words) {
      place.textContent = words;
    }
  }

  /** Ask for the reason as soon as the grade chosen is less urgent than it should be. */
  compare() {
    const chosen = Number(this.form.elements.grade.value);
    const recommended = Number(this.form.elements.seen_grade.value);
    const standing = Number(this.form.dataset.standing || 0);
    const below = chosen && recommended && chosen > recommended;
    const lowered = chosen && standing && chosen > standing;
    let words = "";
    if (below) {
      words = `Grade ${chosen} is less urgent than the recommended ${recommended}: give a reason.`;
    } else if (lowered) {
      words = `Grade ${chosen} is less urgent than ${standing} now: give a reason.`;
    }
    this.say("reason-needed", words);
    document.getElementById("decide").classList.toggle("vc-decide--reason", Boolean(words));
    for (const input of this.form.querySelectorAll("input[name=grade]")) {
      input.closest("label").classList.toggle("vc-grades__one--recommended", Number(input.value) === recommended);
    }
  }

  clicked(event) {
    const given = event.target.closest("button[name=give]");
    const takeOver = event.target.closest("[data-take-over]");
    if (given) {
      event.preventDefault();
      this.give(given.value);
    } else if (takeOver) {
      event.preventDefault();
      this.address = takeOver.dataset.takeOver;
      this.latest.changed();
    }
  }

  /** Put the answer of a question's button into its field. */
  give(pair) {
    const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    const field = this.form.elements.namedItem(name);
    if (field) {
      field.value = value;
    } else {
      // The answer to a question of the policy gets its place among the answers with the next one.
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      input.dataset.given = "";
      this.form.append(input);
    }
    this.latest.changed();
    this.latest.ask().catch(() => {});
  }

  /** Nothing is sent away before it is saved: then a lost sign-in or connection loses nothing. */
  async submitted(event) {
    if (this.mayLeave) {
      return;
    }
    event.preventDefault();
    if (this.isSubmitting) {
      return;
    }
    this.isSubmitting = true;
    const button = event.submitter || document.getElementById("check");
    try {
      if (this.latest.isSettled) {
        await this.server.freshToken();
      } else {
        await this.latest.settle();
      }
    } catch (error) {
      this.trouble(error, 1000);
      this.latest.plan(1000);
      return;
    } finally {
      this.isSubmitting = false;
    }
    this.mayLeave = true;
    this.form.requestSubmit(button);
  }

  leaving(event) {
    const isSaved = this.isKept && this.latest.isSettled;
    const isUntouched = this.latest.changes === 0;
    if (!this.mayLeave && !isSaved && !isUntouched) {
      event.preventDefault();
    }
  }

  // Keys

  key(event) {
    if (event.isComposing) {
      return;
    }
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      this.form.requestSubmit(document.getElementById("record"));
    } else if (event.key === "Enter" && plain && "said" in event.target.dataset) {
      // The end of an answer, not of the report.
      event.preventDefault();
      this.latest.ask().catch(() => {});
    } else if (plain && KEYS[event.key]) {
      const target = KEYS[event.key](this);
      if (target) {
        event.preventDefault();
        target.focus();
      }
    } else if (plain && /^[1-9]$/.test(event.key)) {
      const numbered = this.numbered(Number(event.key));
      if (numbered) {
        event.preventDefault();
        numbered.focus();
        numbered.click();
      }
    }
  }

  // What that digit means where the focus is: an answer to the question, or a grade.
  numbered(digit) {
    const at = document.activeElement;
    if (at && "said" in at.dataset) {
      return null;
    }
    if (at?.name === "grade") {
      return this.form.querySelector(`input[name=grade][value="${digit}"]`);
    }
    return at?.closest?.(".vc-ask")?.querySelectorAll(".vc-ask__option")[digit - 1];
  }

  rationale() {
    document.getElementById("rationales").open = true;
    return this.form.elements.rationale_threat;
  }

  grade() {
    const recommended = this.form.elements.seen_grade.value;
    return (
      this.form.querySelector("input[name=grade]:checked") ||
      this.form.querySelector(`input[name=grade][value="${recommended || 1}"]`)
    );
  }
}

const KEYS = {
  F2: (page) => page.words,
  Escape: (page) => (page.form.contains(document.activeElement) ? page.words : null),
  F4: () => document.querySelector(".vc-ask__option"),
  F7: (page) => page.rationale(),
  F8: (page) => page.grade(),
  F9: () => document.querySelector("#people input"),
};

const form = document.getElementById("report");
if (form) {
  new Report(form);
}
