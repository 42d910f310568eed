/**
 * Sends what somebody wrote only when the server is there to take it.
 *
 * A form that a browser sends to a server that is away, or after its sign-in ended, is gone with
 * everything in it: the pages are not kept, so Back brings an empty one. So each plain form with
 * room for words asks for a fresh form token first. Without one it stays, and says why.
 */
const WORDS = {
  "signed out": "You are signed out, so this was not sent. What you typed is still here. ",
  gone: "No connection to the server, so this was not sent. What you typed is still here. Try again.",
  long: "This is far too long, so it was not sent. What you typed is still here. Shorten it.",
};
const PLAIN = "form[method=post]:not([hx-post]):not([data-part-form]):not([data-score])";
const SLOW_MS = 10000;
const MOST = 500_000; // of these a form can hold at most 4.5 million bytes, and 5 MiB are read

/** Put a fresh token into every form of the page; gives "", "signed out" or "gone". */
export async function freshToken() {
  const address = document.body.dataset.token;
  if (!address) {
    return "";
  }
  let response;
  try {
    response = await fetch(address, {
      headers: { "X-Background": "1" }, // the page asks by itself: nobody is there because of it
      redirect: "manual",
      signal: AbortSignal.timeout(SLOW_MS),
    });
  } catch {
    return "gone";
  }
  if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
    return "signed out";
  }
  if (!response.ok) {
    return "gone";
  }
  const { token } = await response.json();
  for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
    input.value = token;
  }
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  return "";
}

export class Sending {
  constructor(body) {
    body.addEventListener("submit", (event) => this.submitted(event));
    // Whoever comes back from signing in elsewhere goes on here.
    window.addEventListener("focus", () => freshToken());
  }

  async submitted(event) {
    const form = event.target;
    if (event.defaultPrevented || !form.matches(PLAIN) || !holdsWords(form)) {
      return;
    }
    if (form.dataset.sure) {
      delete form.dataset.sure;
      return;
    }
    event.preventDefault();
    if (form.dataset.asking) {
      return;
    }
    form.dataset.asking = "yes";
    const trouble = length(form) > MOST ? "long" : await freshToken();
    delete form.dataset.asking;
    this.say(form, event.submitter, trouble);
    if (!trouble) {
      form.dataset.sure = "yes";
      form.requestSubmit(event.submitter);
    }
  }

  say(form, submitter, trouble) {
    let line = form.querySelector("[data-not-sent]");
    if (!trouble) {
      line?.remove();
      return;
    }
    if (!line) {
      line = document.createElement("p");
      line.className = "govuk-error-message";
      line.dataset.notSent = "";
      line.setAttribute("role", "alert");
      const last = submitter?.closest(".govuk-button-group") || submitter;
      last ? last.before(line) : form.append(line);
    }
    line.replaceChildren(WORDS[trouble]);
    if (trouble === "signed out") {
      const link = document.createElement("a");
      link.href = document.body.dataset.signIn;
      link.target = "_blank";
      link.rel = "noopener";
      link.className = "govuk-link";
      link.textContent = "Sign in in another tab";
      line.append(link, ", then send it again here.");
    }
  }
}

function length(form) {
  const texts = [...new FormData(form).values()].filter((value) => typeof value === "string");
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function holdsWords(form) {
  return Boolean(form.querySelector("textarea, input[type=text], input:not([type])"));
}
