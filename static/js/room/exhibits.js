// Exhibits: the photo is hashed on the phone, sent with its progress said, and "received" is only
// said by the server. On the officer's side a new one is announced.

import { start } from "../components/start.js";
import { Part } from "./part.js";

export class ExhibitsPart extends Part {
  constructor(element) {
    super(element, "exhibits");
  }

  adopt(element) {
    super.adopt(element);
    this.photo = element.querySelector("input[type=file]");
  }

  get isTyping() {
    const words = this.element.querySelector("input[name='photo-description']");
    return Boolean(this.photo?.files.length || words?.value);
  }

  replace(fresh, options) {
    const before = this.references();
    const chosen = this.photo?.files;
    super.replace(fresh, options);
    // A wrong description must not cost the chosen photo.
    const failed = fresh.querySelector("#error-summary");
    if (failed && chosen?.length && this.photo) this.photo.files = chosen;
    const news = fresh.querySelector("#exhibits-news[data-one]");
    const added = this.references().filter((each) => !before.includes(each));
    if (news && added.length) news.textContent = news.dataset.one + added.join(", ");
  }

  references() {
    return Array.from(this.element.querySelectorAll("[data-reference]"), (each) => each.dataset.reference);
  }

  async submit(form, submitter) {
    if (!this.photo) {
      await super.submit(form, submitter);
      return;
    }
    if (this.busy) return;
    this.busy = true;
    const file = this.photo.files[0];
    try {
      const limit = Number(form.dataset.limit);
      if (file && file.size > limit) {
        this.progress(form.dataset.large);
        return;
      }
      if (file) {
        this.progress(form.dataset.hashing);
        form.elements["photo-sha256"].value = await hash(file);
      }
      const answer = await this.send(form);
      this.busy = false;
      this.answered(answer.status, answer.text);
    } catch {
      this.progress(form.dataset.lost);
    } finally {
      this.busy = false;
    }
  }

  // XMLHttpRequest, because fetch says nothing of how far an upload has come.
  send(form) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("X-Part", "1");
      request.upload.addEventListener("progress", (event) => {
        if (!event.lengthComputable) return;
        // Every tenth: a screen reader is not to hear each per cent.
        const tenths = Math.floor((event.loaded / event.total) * 10);
        this.progress(`${form.dataset.sending} ${tenths * 10}%`);
      });
      request.addEventListener("load", () => resolve({ status: request.status, text: request.responseText }));
      request.addEventListener("error", reject);
      request.addEventListener("abort", reject);
      document.addEventListener("vc:exit", () => request.abort(), { once: true });
      request.send(new FormData(form));
    });
  }

  progress(words) {
    const line = this.element.querySelector("[data-progress]");
    if (line && line.textContent !== words) line.textContent = words;
  }

  say() {
    this.progress(this.element.querySelector("form")?.dataset.lost || "");
  }
}

// SHA-256 in hexadecimal, or nothing where the browser cannot: the server works it out in any case.
async function hash(file) {
  if (!globalThis.crypto?.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

start({ exhibits: ExhibitsPart });
