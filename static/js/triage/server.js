/**
 * Sends the form as it stands, and says in one word what became of it when it was not answered:
 * "signed out", "refused", "slow" or "gone". A page that was open while its handler signed in again
 * fetches a fresh form token and goes on.
 */
const SLOW_MS = 10000;

export class Trouble extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

export class Server {
  constructor(form) {
    this.form = form;
  }

  /** The answer to the form: {html, version}. Rejects with a Trouble. */
  async score(address) {
    let response = await this.post(address);
    if (response.status === 403) {
      await this.freshToken();
      response = await this.post(address);
    }
    if (!response.ok) {
      throw new Trouble("refused");
    }
    return { html: await response.text(), version: response.headers.get("X-Draft-Version") };
  }

  async post(address) {
    const body = new FormData(this.form);
    body.delete("action");
    const parts = document.querySelectorAll('#panel [data-digest]:not([data-digest=""])');
    const shown = [...parts].map((part) => `${part.id.replace("part-", "")}=${part.dataset.digest}`);
    return this.fetch(address, { method: "POST", body, headers: { "X-Panel": shown.join(" ") } });
  }

  async freshToken() {
    const response = await this.fetch(this.form.dataset.token, {});
    if (!response.ok) {
      throw new Trouble("refused");
    }
    const { token } = await response.json();
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
      input.value = token;
    }
  }

  async fetch(address, options) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), SLOW_MS);
    try {
      const response = await fetch(address, { ...options, redirect: "manual", signal: abort.signal });
      if (response.type === "opaqueredirect") {
        throw new Trouble("signed out");
      }
      return response;
    } catch (error) {
      throw error instanceof Trouble ? error : new Trouble(abort.signal.aborted ? "slow" : "gone");
    } finally {
      clearTimeout(timer);
    }
  }
}
