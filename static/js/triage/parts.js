/**
 * Puts the parts of an answer in place of those with the same id, and takes nothing from the person
 * who is at work in one: focus, scrolling and what they have just chosen stay. What the answer only
 * names stays as it stands.
 */
export function putIn(html) {
  const answer = document.createElement("template");
  answer.innerHTML = html;
  for (const fresh of [...answer.content.children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    for (const named of fresh.querySelectorAll("[data-stands]")) {
      named.replaceWith(document.getElementById(named.id).cloneNode(true));
    }
    if (old && old.outerHTML !== fresh.outerHTML && !isTypedInto(old, fresh)) {
      replace(old, fresh);
    }
  }
}

/** A line that somebody types in stays the very same, unless it moves elsewhere. */
function isTypedInto(old, fresh) {
  const active = document.activeElement;
  if (!("line" in fresh.dataset) || !old.contains(active)) {
    return false;
  }
  return fresh.querySelector(`#${active.id}`)?.value === active.value;
}

function replace(old, fresh) {
  const chosen = new Map();
  for (const input of old.querySelectorAll("input[type=radio]:checked")) {
    chosen.set(input.name, input.value);
  }
  const openBefore = new Map();
  old.querySelectorAll("details").forEach((each, index) => openBefore.set(each.id || index, each.open));
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const { scrollTop } = old;
  const height = active?.getBoundingClientRect().top;
  const caret = active?.matches("input[type=text], textarea") ? [active.selectionStart, active.selectionEnd] : null;
  old.replaceWith(fresh);
  fresh.scrollTop = scrollTop;
  for (const input of fresh.querySelectorAll("input[type=radio]")) {
    if (chosen.has(input.name)) {
      input.checked = chosen.get(input.name) === input.value;
    }
  }
  fresh.querySelectorAll("details").forEach((each, index) => {
    each.open = openBefore.get(each.id || index) ?? each.open;
  });
  if (active) {
    stay(active, fresh, caret);
    keepInSight(active, height);
  }
}

/** What somebody types into stays where their eyes are, though it may stand elsewhere now. */
function keepInSight(active, height) {
  const now = document.activeElement;
  if (now.id !== active.id || !("said" in now.dataset)) {
    return;
  }
  const moved = now.getBoundingClientRect().top - height;
  const panel = now.closest(".vc-report__panel");
  const scrolls = panel && panel.scrollHeight > panel.clientHeight + 1;
  (scrolls ? panel : window).scrollBy({ top: moved, behavior: "instant" });
}

/** Focus what stands where the focus was; else the part itself, never the top of the page. */
function stay(active, fresh, caret) {
  const same = active.id && document.getElementById(active.id);
  if ("said" in active.dataset && !same) {
    return; // never a button in place of the line that somebody types in
  }
  const next = active.closest(".vc-ask") && fresh.querySelector(".vc-ask__option");
  const target = same || next || fresh;
  if (target === fresh && !fresh.hasAttribute("tabindex")) {
    fresh.tabIndex = -1;
  }
  target.focus({ preventScroll: true });
  if (caret && target === same) {
    same.setSelectionRange(...caret);
  }
}
