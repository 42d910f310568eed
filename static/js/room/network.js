// How good the line is, from what the connection itself counts.

import { LEVEL } from "./protocol.js";

const EVERY_MS = 2_000;

// What matters of one getStats() report, summed over both media.
export function reading(report) {
  const sum = { received: 0, lost: 0, frames: 0, roundTripSeconds: null };
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp") {
      sum.received += entry.packetsReceived ?? 0;
      sum.lost += entry.packetsLost ?? 0;
      sum.frames += entry.framesDecoded ?? 0;
    } else if (entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded") {
      sum.roundTripSeconds = entry.currentRoundTripTime ?? sum.roundTripSeconds;
    }
  }
  return sum;
}

// The LEVEL between two readings, or null when nothing can be said. Beyond 0.4 s people talk over
// each other (ITU-T G.114); beyond 5 % loss words go missing.
export function level(before, now) {
  if (before === null) return null;
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  if (received + lost === 0) return LEVEL.POOR;
  const share = lost / (received + lost);
  const roundTrip = now.roundTripSeconds ?? 0;
  if (share > 0.05 || roundTrip > 0.8) return LEVEL.POOR;
  if (share > 0.02 || roundTrip > 0.4) return LEVEL.FAIR;
  return LEVEL.GOOD;
}

export class Network {
  #timer = null;

  // onLevel is called when the level changes.
  constructor({ onLevel }) {
    this.onLevel = onLevel;
  }

  watch(peer) {
    this.stop();
    let before = null;
    let last = null;
    this.#timer = setInterval(async () => {
      if (!peer.connected) return;
      const now = reading(await peer.stats());
      const found = level(before, now);
      before = now;
      if (found !== null && found !== last) {
        last = found;
        this.onLevel(found);
      }
    }, EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
