import * as govuk from "../vendor/govuk/govuk/govuk-frontend.min.js";
import { Alert, ButtonMenu, MultiSelect, PasswordReveal, SortableTable } from "../vendor/moj/moj-frontend.min.js";
import { Nav } from "./components/nav.js";
import { Officers } from "./components/officers.js";
import { Sending } from "./components/sending.js";
import { Trouble } from "./components/trouble.js";
import { start } from "./components/start.js";

/* Both packages look for this class before they start; their own snippet for it is an inline
   script, which our pages refuse. */
document.body.classList.add("js-enabled", "govuk-frontend-supported");

const packaged = [...Object.values(govuk), Alert, ButtonMenu, MultiSelect, PasswordReveal, SortableTable];
const classes = Object.fromEntries(
  packaged.filter((each) => each?.moduleName).map((each) => [each.moduleName, each]),
);
classes.trouble = Trouble;
classes.sending = Sending;
classes.nav = Nav;
classes.officers = Officers;

start(classes);

/* What htmx put into the page starts too; what was there before does not start twice. */
document.addEventListener("htmx:afterSettle", (event) => {
  const root = event.detail.elt;
  if (root?.isConnected) {
    start(classes, root);
  }
});

/* Whoever pressed a button that its answer took away stands at the answer's heading, not at the
   top of the page: a call handler has no hand free to find the way back. */
let answered = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  const isAsked = ["submit", "click"].includes(requestConfig?.triggeringEvent?.type);
  answered = isAsked && target?.contains(requestConfig.elt) ? target.id : null;
});
document.addEventListener("htmx:afterSettle", () => {
  const isLost = !document.activeElement || document.activeElement === document.body;
  if (answered && isLost) {
    document.getElementById(answered)?.querySelector("[tabindex='-1']")?.focus();
  }
  answered = null;
});
