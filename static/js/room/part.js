// A part of a page that the server draws: fetched again on a hint, and sent without leaving the page.
// Without script its forms and links work by themselves.

import { freshToken } from "../components/sending.js";

const ASK_EVERY_MS = 15_000;
const WORDS = {
  lost: "No connection. What you typed is still here. Try again.",
  signedOut: "You are signed out or may not do this. What you typed is still here.",
};

export class Part {
  constructor(element, what) {
    this.what = what;
    this.busy = false;
    this.adopt(element);
    document.addEventListener("vc:changed", (event) => {
      // Being let in changes what may be seen, too.
      if (event.detail.what === what || event.detail.what === "state") this.refresh();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.refresh();
    });
    // A hint may be lost: in a room the truth is asked for now and then.
    if (document.querySelector("[data-room]")) {
      this.timer = setInterval(() => {
        if (!this.element.isConnected) clearInterval(this.timer);
        else if (!document.hidden) this.refresh();
      }, ASK_EVERY_MS);
    }
  }

  // Take an element as the part; called again for each one that replaces it.
  adopt(element) {
    this.element = element;
    element.addEventListener("submit", (event) => {
      if (!event.target.matches("[data-part-form]")) return;
      event.preventDefault();
      // The page's own guard against a double press would stop a second try after an error.
      event.stopPropagation();
      this.submit(event.target, event.submitter);
    });
  }

  // Whether replacing the part now would lose what somebody is typing.
  get isTyping() {
    return false;
  }

  async refresh() {
    if (this.busy || !this.element.isConnected) return;
    try {
      const response = await fetch(this.element.dataset.address, {
        headers: { "X-Part": "1" },
        redirect: "error",
      });
      if (!response.ok) return;
      const fresh = this.parse(await response.text());
      if (this.busy || !fresh || fresh.dataset.mark === this.element.dataset.mark) return;
      if (this.isTyping && fresh.dataset.state === this.element.dataset.state) return;
      this.replace(fresh);
    } catch {
      // The next hint or the next look asks again.
    }
  }

  async submit(form, submitter, again = false) {
    if (this.busy) return;
    this.busy = true;
    const body = new FormData(form);
    if (submitter && submitter.name) body.set(submitter.name, submitter.value);
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body,
        headers: { "X-Part": "1" },
        redirect: "manual",
      });
      const isRefused = response.status === 403 || response.type === "opaqueredirect";
      if (isRefused && !again && document.body.dataset.token && (await freshToken()) === "") {
        // Signed in again elsewhere since this page came: its old form token was all that was wrong.
        this.busy = false;
        await Part.prototype.submit.call(this, form, submitter, true);
        return;
      }
      this.answered(isRefused ? 403 : response.status, await response.text());
    } catch {
      this.say(WORDS.lost);
    } finally {
      this.busy = false;
    }
  }

  answered(status, text) {
    const fresh = this.parse(text);
    if (fresh) this.replace(fresh, { byHand: true });
    else this.say(status === 403 || status === 401 ? WORDS.signedOut : WORDS.lost);
  }

  parse(text) {
    const found = new DOMParser().parseFromString(text, "text/html");
    const fresh = found.getElementById(this.element.id);
    return fresh && document.importNode(fresh, true);
  }

  replace(fresh, { byHand = false } = {}) {
    const held = this.element.contains(document.activeElement);
    this.element.replaceWith(fresh);
    this.adopt(fresh);
    document.dispatchEvent(new CustomEvent("vc:part", { detail: { element: fresh } }));
    if (!byHand && !held) return;
    const wrong = fresh.querySelector("[aria-invalid='true'], .govuk-input--error, .govuk-textarea--error");
    const target = fresh.querySelector("#error-summary") || wrong || fresh.querySelector("h2");
    if (target) {
      if (!target.matches("input, textarea, [tabindex]")) target.tabIndex = -1;
      target.focus();
    }
  }

  say(words) {
    let box = this.element.querySelector("[data-trouble]");
    if (!box) {
      box = document.createElement("p");
      box.className = "govuk-error-message";
      box.dataset.trouble = "";
      box.setAttribute("role", "alert");
      this.element.prepend(box);
    }
    box.textContent = this.element.dataset.lost || words;
  }
}
