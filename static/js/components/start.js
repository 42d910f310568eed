/**
 * Start components: each element with data-module="name" gets a new classes[name](element), once.
 *
 * A component that fails is reported to the console and leaves the rest of the page working.
 */
const started = new WeakMap();

export function start(classes, root = document) {
  for (const [name, Component] of Object.entries(classes)) {
    const found = [...root.querySelectorAll(`[data-module~="${name}"]`)];
    if (root instanceof Element && root.matches(`[data-module~="${name}"]`)) {
      found.unshift(root);
    }
    for (const element of found) {
      const names = started.get(element) || new Set();
      if (names.has(name)) {
        continue;
      }
      started.set(element, names.add(name));
      try {
        new Component(element);
      } catch (error) {
        console.error(`${name} did not start`, error);
      }
    }
  }
}
