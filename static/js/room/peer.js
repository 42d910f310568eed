// One peer connection with the other page, by perfect negotiation: the officer's side offers and
// does not give way, the victim's side gives way. Candidates are sent as they are found.
// A Peer is used once: when it cannot be mended, or the other page was loaded anew, make another.

import { FROM_PAGE } from "./protocol.js";
import { CALL } from "./state.js";

const KINDS = ["audio", "video"];

export class Peer {
  #connection;
  #makingOffer = false;
  #ignoresOffer = false;
  #waiting = [];
  #closed = false;

  // `stream` is this side's MediaStream or null; `remote` an empty MediaStream that is filled.
  constructor({ call, offers, iceServers, stream, remote, send, onStatus }) {
    Object.assign(this, { call, offers, remote, send, onStatus, stream });
    this.#connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    const connection = this.#connection;

    connection.ontrack = ({ track }) => {
      for (const old of remote.getTracks()) {
        if (old.kind === track.kind) remote.removeTrack(old);
      }
      remote.addTrack(track);
    };
    connection.onicecandidate = ({ candidate }) => {
      this.#send(FROM_PAGE.CANDIDATE, { candidate: candidate && plain(candidate) });
    };
    connection.onnegotiationneeded = () => this.#offer();
    connection.onconnectionstatechange = () => this.#report();

    if (offers) {
      // Both lines go both ways from the start: a camera that comes later needs no new offer.
      for (const kind of KINDS) connection.addTransceiver(kind, { direction: "sendrecv" });
      this.#attach();
    }
  }

  // A description from the other page. Never throws: what cannot be used is dropped, and the
  // connection is made anew by whoever sees it fail.
  async describe(description) {
    const connection = this.#connection;
    try {
      const crosses =
        description.type === "offer" &&
        (this.#makingOffer || connection.signalingState !== "stable");
      this.#ignoresOffer = this.offers && crosses;
      if (this.#ignoresOffer) return;
      await connection.setRemoteDescription(description);
      if (description.type === "offer") {
        await this.#attach();
        await connection.setLocalDescription();
        this.#describe();
      }
      for (const candidate of this.#waiting.splice(0)) await this.#add(candidate);
    } catch (error) {
      this.#failed(error);
    }
  }

  async candidate(candidate) {
    if (this.#connection.remoteDescription === null) {
      this.#waiting.push(candidate);
      return;
    }
    await this.#add(candidate);
  }

  // Send these tracks from now on; kinds that are missing send nothing.
  async replace(stream) {
    this.stream = stream;
    await this.#attach();
  }

  // Look for another way through the network, keeping the connection.
  restart() {
    if (!this.#closed) this.#connection.restartIce();
  }

  get connected() {
    return this.#connection.connectionState === "connected";
  }

  stats() {
    return this.#connection.getStats();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
    for (const track of this.remote.getTracks()) this.remote.removeTrack(track);
  }

  async #offer() {
    // The answering side has nothing to say before it has been spoken to.
    if (!this.offers && this.#connection.remoteDescription === null) return;
    try {
      this.#makingOffer = true;
      await this.#connection.setLocalDescription();
      this.#describe();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  #describe() {
    const { type, sdp } = this.#connection.localDescription;
    this.#send(FROM_PAGE.DESCRIPTION, { description: { type, sdp } });
  }

  async #attach() {
    const changes = this.#connection.getTransceivers().map((transceiver) => {
      const kind = transceiver.receiver.track.kind;
      const track = this.stream?.getTracks().find((one) => one.kind === kind) ?? null;
      transceiver.direction = "sendrecv";
      return transceiver.sender.replaceTrack(track);
    });
    await Promise.all(changes);
  }

  async #add(candidate) {
    try {
      await this.#connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.#ignoresOffer) this.#failed(error);
    }
  }

  #send(type, fields) {
    if (!this.#closed) this.send(type, { call: this.call, ...fields });
  }

  #failed(error) {
    if (!this.#closed) console.warn("call", error.name);
  }

  #report() {
    const status = {
      connected: CALL.CONNECTED,
      disconnected: CALL.INTERRUPTED,
      failed: CALL.INTERRUPTED,
    }[this.#connection.connectionState];
    if (status) this.onStatus(status, this.#connection.connectionState === "failed");
  }
}

function plain({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment };
}
