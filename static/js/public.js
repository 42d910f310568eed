import { Exit, empty } from "./components/exit.js";
import { start } from "./components/start.js";

start({ exit: Exit });

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

/* A second press on a button while the first is under way sends nothing. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent && event.timeStamp - Number(form.dataset.sent) < 3000) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = String(event.timeStamp);
});
