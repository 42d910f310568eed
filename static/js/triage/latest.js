/**
 * Asks again while somebody types: waits for a pause, has one question in flight, shows only the
 * newest answer, and keeps trying when there is none.
 *
 * send() gives a promise of the answer to how things stand at that moment; a rejection is tried
 * again, later each time. onAnswer(answer) is called when nothing changed since it was asked, or
 * with onStale(answer) when something did. No timer or network of its own: both are handed in, so
 * that it can be tried without a browser.
 */
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];

export class Latest {
  constructor({ send, onAnswer, onStale = () => {}, onTrouble = () => {}, pauseMs = 400, timers = globalThis }) {
    Object.assign(this, { send, onAnswer, onStale, onTrouble, pauseMs, timers });
    this.changes = 0;
    this.answered = 0;
    this.failures = 0;
    this.inFlight = null;
    this.timer = null;
  }

  /** Something changed: ask after a pause. */
  changed() {
    this.changes += 1;
    this.plan(this.pauseMs);
  }

  /** Whether everything that was typed has been answered. */
  get isSettled() {
    return this.inFlight === null && this.answered === this.changes;
  }

  /** Ask now if anything is unanswered; resolves when it is, rejects at the first failure. */
  async settle() {
    while (!this.isSettled) {
      if (this.inFlight) {
        await this.inFlight.catch(() => {});
        if (this.failures) {
          throw this.lastError;
        }
      } else {
        await this.ask();
      }
    }
  }

  plan(ms) {
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(() => this.ask().catch(() => {}), ms);
  }

  async ask() {
    if (this.inFlight) {
      return this.inFlight;
    }
    this.timers.clearTimeout(this.timer);
    const asked = this.changes;
    this.inFlight = this.send();
    try {
      const answer = await this.inFlight;
      this.failures = 0;
      this.answered = asked;
      this.inFlight = null;
      if (asked === this.changes) {
        this.onAnswer(answer);
      } else {
        this.onStale(answer);
        this.plan(0);
      }
      return answer;
    } catch (error) {
      this.inFlight = null;
      this.lastError = error;
      const wait = WAITS_MS[Math.min(this.failures, WAITS_MS.length - 1)];
      this.failures += 1;
      this.onTrouble(error, wait);
      this.plan(wait);
      throw error;
    }
  }
}
