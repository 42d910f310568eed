/**
 * Calls whoever sits at the desk while urgent words are nobody's: a line at the top of the page, the
 * page's title, and a sound that comes again until somebody takes them or turns it off.
 */
const EVERY_MS = 6_000;

export class Call {
  /** found() gives the keys of the chats that call; sound() makes one sound. */
  constructor({ banner, button, found, sound, page = document, timers = globalThis }) {
    Object.assign(this, { banner, button, found, sound, page, timers });
    this.title = page.title;
    this.keys = [];
    this.isLoud = false;
    button.hidden = false;
    button.addEventListener("click", () => this.turn());
  }

  /** Somebody pressed something here for the first time: from now on the page may sound. */
  wake() {
    if (!this.isLoud) {
      this.turn();
    }
  }

  /** Look at the list as it is now. */
  look() {
    const before = this.keys;
    this.keys = this.found();
    const count = this.keys.length;
    const words = count ? `${count === 1 ? "An urgent chat waits" : `${count} urgent chats wait`} and nobody has ${count === 1 ? "it" : "them"}. Take ${count === 1 ? "it" : "one"} now.` : "";
    if (this.banner.textContent !== words) {
      this.banner.textContent = words;
    }
    this.banner.hidden = !count;
    this.page.title = count ? `(${count}) ${this.title}` : this.title;
    if (!count) {
      this.timers.clearInterval(this.again);
      this.again = null;
    } else if (this.keys.some((key) => !before.includes(key)) || !this.again) {
      this.timers.clearInterval(this.again);
      this.again = this.timers.setInterval(() => this.ring(), EVERY_MS);
      this.ring();
    }
  }

  ring() {
    if (this.isLoud) {
      this.sound();
    }
  }

  turn() {
    this.isLoud = !this.isLoud;
    this.button.setAttribute("aria-pressed", String(this.isLoud));
    this.button.textContent = this.isLoud ? "Sound is on" : "Sound is off";
  }
}

/**
 * A function that sounds two short notes. Browsers are silent until somebody pressed something:
 * onWake hears of that, once, after the press has had its own effect.
 */
export function tone(Context, page, onWake) {
  let context = null;
  const wake = (event) => {
    if (!context && Context) {
      context = new Context();
      if (!event.target.closest?.("#desk-sound")) {
        onWake();
      }
    }
    context?.resume();
  };
  for (const name of ["pointerdown", "keydown"]) {
    page.addEventListener(name, wake, { passive: true });
  }
  return () => {
    if (context?.state !== "running") return;
    [660, 880].forEach((pitch, number) => {
      const note = context.createOscillator();
      const loudness = context.createGain();
      const starts = context.currentTime + number * 0.25;
      note.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.2, starts);
      loudness.gain.exponentialRampToValueAtTime(0.001, starts + 0.22);
      note.connect(loudness).connect(context.destination);
      note.start(starts);
      note.stop(starts + 0.24);
    });
  };
}
