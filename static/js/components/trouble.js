/**
 * Says in plain words, at the top of the page, when a part of it could not be fetched.
 *
 * Silent failure is the danger: a queue that stopped moving looks like a quiet night. The words go
 * again with the next answer that arrives.
 */
export class Trouble {
  constructor(box) {
    this.box = box;
    const say = (words) => () => this.say(words);
    const listen = (name, handler) => document.body.addEventListener(name, handler);
    listen("htmx:sendError", say("No connection to the server. What you typed is still here; this page may be out of date."));
    listen("htmx:timeout", say("The server is slow to answer. What you typed is still here; this page may be out of date."));
    listen("htmx:responseError", (event) => this.refused(event.detail.xhr.status));
    listen("htmx:afterOnLoad", (event) => {
      if (event.detail.xhr.status < 400) {
        this.say("");
      }
    });
  }

  refused(status) {
    if (status === 401 || status === 403) {
      this.say("You are signed out or may not do this. Open another tab, sign in, then try again here.");
    } else {
      this.say(`The server could not do this (${status}). What you typed is still here. Try again.`);
    }
  }

  say(words) {
    if (this.box.textContent !== words) {
      this.box.textContent = words;
    }
  }
}
