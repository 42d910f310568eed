// The statement: saved while the officer types, read and signed on the other side.

import { freshToken } from "../components/sending.js";
import { start } from "../components/start.js";
import { Part } from "./part.js";

const SAVE_AFTER_MS = 1_000;
const RETRY_MS = 5_000;

export class StatementPart extends Part {
  constructor(element) {
    super(element, "statement");
    window.addEventListener("beforeunload", (event) => {
      if (this.dirty && this.element.isConnected) event.preventDefault();
    });
  }

  adopt(element) {
    super.adopt(element);
    clearTimeout(this.waiting);
    this.stopped = false;
    this.draft = element.querySelector("[data-draft]");
    this.dirty = Boolean(this.draft?.hasAttribute("data-unsaved"));
    this.draft?.addEventListener("input", () => {
      this.dirty = true;
      this.typed = true;
      if (!this.stopped) this.later(SAVE_AFTER_MS);
    });
  }

  get isTyping() {
    return this.dirty;
  }

  later(delay) {
    clearTimeout(this.waiting);
    this.status("Not saved yet");
    this.waiting = setTimeout(() => this.save(), delay);
  }

  save() {
    if (!this.saving) {
      this.saving = this.send().finally(() => {
        this.saving = null;
      });
    }
    return this.saving;
  }

  async send() {
    const form = this.draft;
    if (!form?.isConnected || this.stopped) return;
    this.typed = false;
    this.status("Saving");
    const body = new FormData(form);
    body.set("do", "save");
    let response;
    try {
      response = await fetch(form.action, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
        redirect: "manual",
      });
    } catch {
      this.status("Not saved: no connection. What you typed is still here.");
      this.waiting = setTimeout(() => this.save(), RETRY_MS);
      return;
    }
    if (!form.isConnected) return;
    if (response.status === 409 || response.status === 422) {
      // Another page saved other words, or it is final by now: show both, lose neither.
      this.stopped = true;
      await super.submit(form, null);
      return;
    }
    if (!response.ok) {
      await freshToken();
      this.status("Not saved. Sign in again in another tab. What you typed is still here.");
      this.waiting = setTimeout(() => this.save(), RETRY_MS);
      return;
    }
    const saved = await response.json();
    form.elements["statement-edits"].value = saved.edits;
    this.element.dataset.mark = saved.mark;
    this.point(form, saved.problems);
    if (this.typed) {
      this.later(SAVE_AFTER_MS);
    } else {
      this.dirty = false;
      this.status(`Saved at ${saved.saved}`);
    }
  }

  async submit(form, submitter) {
    if (form === this.draft) {
      clearTimeout(this.waiting);
      this.stopped = true;
      await this.saving;
      if (!form.isConnected) return;
    }
    await super.submit(form, submitter);
    this.stopped = false;
    if (form === this.draft && form.isConnected && this.dirty) this.later(RETRY_MS);
  }

  status(words) {
    const line = this.element.querySelector("#statement-saved");
    if (line && line.textContent !== words) line.textContent = words;
  }

  // Say beside each field what stands against it, and take back what no longer does.
  point(form, problems) {
    for (const control of form.querySelectorAll("[name^='statement-']")) {
      const group = control.closest(".govuk-form-group");
      if (!group) continue;
      const said = problems[control.name.replace("statement-", "")] || [];
      const id = `${control.id}_error`;
      let line = document.getElementById(id);
      const others = (control.getAttribute("aria-describedby") || "")
        .split(" ")
        .filter((each) => each && each !== id);
      group.classList.toggle("govuk-form-group--error", said.length > 0);
      if (said.length === 0) {
        line?.remove();
      } else {
        if (!line) {
          line = document.createElement("p");
          line.id = id;
          line.className = "govuk-error-message";
          line.setAttribute("role", "status");
          control.before(line);
        }
        const words = said.join(". ");
        if (line.textContent !== words) line.textContent = words;
        others.push(id);
      }
      if (others.length) control.setAttribute("aria-describedby", others.join(" "));
      else control.removeAttribute("aria-describedby");
    }
  }
}

start({ statement: StatementPart });
