// Wires the room: reads its settings from the page, holds the one state, and lets the parts meet.
// The officer's page and the victim's page run this same file.

import { Beside } from "./beside.js";
import { Controls } from "./controls.js";
import { Media, playTones } from "./media.js";
import { Network } from "./network.js";
import { Peer } from "./peer.js";
import { CLOSE, FROM_PAGE, FROM_SERVER, REASON, STAGE, VICTIM, WHAT } from "./protocol.js";
import { Signalling } from "./signalling.js";
import {
  CALL,
  MEDIA,
  SOCKET,
  initial,
  isOver,
  isReady,
  next,
  shouldOffer,
  wantsCall,
  wantsDevices,
} from "./state.js";

// Truth is asked for at every hint; between hints this often, in case one was lost.
const ASK_WITHOUT_SOCKET_MS = 4_000;
const ASK_WITH_SOCKET_MS = 20_000;
const ASK_TIMEOUT_MS = 8_000;
// A line that breaks is given this long to mend, then another way is sought, then a new start.
const RESTART_AFTER_SECONDS = 3;
const RENEW_AFTER_SECONDS = 10;

const root = document.querySelector("[data-room]");
const settings = JSON.parse(document.getElementById("room-settings").textContent);

const token = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), hex).join("");
const hex = (byte) => byte.toString(16).padStart(2, "0");

let state = initial(settings);
let iceServers = settings.ice_servers;
let peer = null;
let peerPage = null;
let brokenSeconds = 0;
let saidMedia = null;
let askTimer = null;
let asking = null;
let wakeLock = null;
let finished = false;

const remote = new MediaStream();
const media = new Media({ onChange: mediaChanged });
const network = new Network({ onLevel: qualityChanged });
const controls = new Controls({ root, words: settings.words, onAction: act });
const ownPage = token();
// Only where somebody comes along is there anything for it to do.
const beside = new Beside({
  url: settings.beside_url,
  page: ownPage,
  role: settings.role,
  stream: () => media.stream,
  iceServers: () => iceServers,
  place: root.querySelector("[data-room-others]"),
  names: settings.names,
});
let others = settings.others;
const signalling = new Signalling({
  url: settings.socket_url,
  page: ownPage,
  onEvent: change,
  onMessage: receive,
});

function change(event) {
  if (finished) return;
  const before = state;
  state = next(state, event);
  settle(before);
  controls.draw(state);
}

// Bring the connection, the devices and the socket in line with the state.
function settle(before) {
  if (state.stage !== before.stage && isOver(state)) {
    over();
    return;
  }
  if (state.stage === STAGE.ADMITTED && before.stage !== STAGE.ADMITTED) {
    // What may be read and sent in the call is fetched once one is let in.
    announce(WHAT.STATEMENT);
    announce(WHAT.EXHIBITS);
  }
  media.enable(state);
  if (wantsCall(state) && others > 0) beside.start();
  else beside.stop();
  if (wantsCall(state)) {
    keepAwake();
    const isAnother = state.peer.here && peerPage !== state.peer.page;
    if (isAnother || state.peer.left !== null) drop();
    if (peer === null && shouldOffer(state)) begin(token(), true);
  } else {
    drop();
  }
  // A page that was reloaded in the call has been allowed its devices: take them again.
  if (wantsDevices(state)) media.open();
  if (state.refused !== null && before.refused === null) media.stop();
  tellMedia();
  if (before.socket !== state.socket) {
    // Hints may have been missed while the socket was away.
    if (state.socket === SOCKET.OPEN && before.socket === SOCKET.RETRYING) {
      for (const what of Object.values(WHAT)) announce(what);
    }
    ask();
  }
}

function begin(call, offers) {
  drop();
  peerPage = state.peer.page;
  brokenSeconds = 0;
  peer = new Peer({
    call,
    offers,
    iceServers,
    stream: media.stream,
    remote,
    send: (type, fields) => signalling.send(type, fields),
    onStatus: callChanged,
  });
  network.watch(peer);
  change({ type: "call", status: CALL.CONNECTING });
}

function drop() {
  if (peer === null) return;
  network.stop();
  const old = peer;
  peer = null;
  old.close();
}

function callChanged(status) {
  if (status === CALL.CONNECTED) {
    brokenSeconds = 0;
    playRemote();
  }
  change({ type: "call", status });
}

// Once a second: a connection that does not stand is first led another way, then made anew.
function mend() {
  if (peer === null || peer.connected) {
    brokenSeconds = 0;
    return;
  }
  brokenSeconds += 1;
  if (brokenSeconds === RESTART_AFTER_SECONDS && state.call === CALL.INTERRUPTED) peer.restart();
  if (brokenSeconds >= RENEW_AFTER_SECONDS && shouldOffer(state) && state.socket === SOCKET.OPEN) {
    begin(token(), true);
  }
}

function receive(message) {
  switch (message.type) {
    case FROM_SERVER.WELCOME:
      saidMedia = null;
      change({ type: "truth", stage: message.stage });
      break;
    case FROM_SERVER.PEER:
      saidMedia = null;
      change({ type: "peer", ...pick(message, "here", "page", "reason") });
      break;
    case FROM_SERVER.MEDIA:
      change({ type: "peer.media", ...pick(message, "ready", "microphone", "camera") });
      break;
    case FROM_SERVER.QUALITY:
      change({ type: "peer.quality", level: message.level });
      break;
    case FROM_SERVER.DESCRIPTION:
      if (message.description.type === "offer" && message.call !== peer?.call) {
        // Only the officer's side begins a call, so that a new one is always theirs.
        if (settings.role !== VICTIM || !wantsCall(state)) return;
        begin(message.call, false);
      }
      if (message.call === peer?.call) peer.describe(message.description);
      break;
    case FROM_SERVER.CANDIDATE:
      if (message.call === peer?.call) peer.candidate(message.candidate);
      break;
    case FROM_SERVER.INTRUDER:
      change({ type: "intruder" });
      break;
    case FROM_SERVER.CHANGED:
      announce(message.what);
      if (message.what === WHAT.STATE) ask();
      break;
  }
}

function pick(message, ...names) {
  return Object.fromEntries(names.map((name) => [name, message[name]]));
}

function announce(what) {
  document.dispatchEvent(new CustomEvent("vc:changed", { detail: { what } }));
}

// Say what this side sends, whenever that changes or someone new listens.
function tellMedia() {
  const fields = {
    ready: isReady(state),
    microphone: state.hasMicrophone && state.microphone,
    camera: state.hasCamera && state.camera,
  };
  const said = JSON.stringify([fields, state.peer.page, state.stage]);
  if (said === saidMedia || state.stage !== STAGE.ADMITTED || !state.peer.here) return;
  if (signalling.send(FROM_PAGE.MEDIA, fields)) saidMedia = said;
}

function mediaChanged(found) {
  change({ type: "media", ...found });
  if (finished) return;
  for (const video of root.querySelectorAll("[data-room-self]")) {
    if (video.srcObject !== media.stream) video.srcObject = media.stream;
  }
  peer?.replace(media.stream);
  beside.replace();
  if (found.status === MEDIA.ON) {
    measure();
    listDevices();
  }
  reportDevices(found);
}

// Tell the staff what this phone can do, while there is time to help.
async function reportDevices({ status, hasCamera, hasMicrophone }) {
  const form = root.querySelector("form[data-room-devices]");
  if (!form || [MEDIA.OFF, MEDIA.ASKING].includes(status)) return;
  form.elements.camera.value = hasCamera ? "yes" : "no";
  form.elements.microphone.value = hasMicrophone ? "yes" : "no";
  form.elements.problem.value = status === MEDIA.ON ? "" : status;
  try {
    await post(form);
  } catch {
    // The test was for the person; the record of it can be missed.
  }
}

function qualityChanged(level) {
  change({ type: "quality", level });
  signalling.send(FROM_PAGE.QUALITY, { level });
}

function measure() {
  const meters = [...root.querySelectorAll("[data-room-level]")];
  if (!meters.length || state.stage === STAGE.ADMITTED) return;
  media.measure((loudness) => {
    for (const meter of meters) meter.value = loudness;
    if (state.stage === STAGE.ADMITTED) media.stopMeasuring();
  });
}

async function listDevices() {
  const { cameras, microphones } = await media.list();
  const chosen = {
    camera: media.stream?.getVideoTracks()[0]?.getSettings().deviceId,
    microphone: media.stream?.getAudioTracks()[0]?.getSettings().deviceId,
  };
  for (const [kind, devices] of Object.entries({ camera: cameras, microphone: microphones })) {
    for (const select of root.querySelectorAll(`[data-room-choose="${kind}"]`)) {
      select.replaceChildren(
        ...devices.map(({ deviceId, label }, index) => {
          const isChosen = deviceId === chosen[kind];
          return new Option(label || String(index + 1), deviceId, isChosen, isChosen);
        }),
      );
      const field = select.closest("[data-room-choice]");
      if (field) field.hidden = devices.length < 2;
    }
  }
  for (const button of root.querySelectorAll('[data-room-action="turn"]')) {
    button.hidden = cameras.length < 2;
  }
}

// Only once there is something to see: an empty stream would hold back the page's load event.
function playRemote() {
  for (const video of root.querySelectorAll("[data-room-remote]")) {
    if (video.srcObject !== remote) video.srcObject = remote;
    video.play().then(
      () => showTap(true),
      // Sound without a touch was not allowed: offer the touch.
      () => showTap(false),
    );
  }
}

function showTap(isPlaying) {
  for (const button of root.querySelectorAll('[data-room-action="play"]')) {
    button.hidden = isPlaying;
  }
}

function act(action) {
  switch (action) {
    case "open":
      media.open();
      break;
    case "microphone":
      if (state.hasMicrophone) change({ type: "toggle", device: "microphone" });
      break;
    case "camera":
      if (state.hasCamera) change({ type: "toggle", device: "camera" });
      break;
    case "turn":
      media.turn();
      break;
    case "tones":
      playTones();
      break;
    case "play":
      playRemote();
      break;
    case "leave":
      signalling.send(FROM_PAGE.LEAVE, { reason: REASON.LEFT });
      signalling.stop();
      change({ type: "leave" });
      media.stop();
      break;
    case "again":
      location.reload();
      break;
  }
}

// The truth: one answer for both the page and its fallback when the socket is away.
async function ask() {
  clearTimeout(askTimer);
  // One question at a time; a hint that arrives meanwhile asks once more after it.
  if (asking) {
    asking.again = true;
    return;
  }
  asking = { again: false };
  try {
    const response = await fetch(settings.state_url, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    if (response.ok) {
      const truth = await response.json();
      iceServers = truth.ice_servers;
      others = truth.others;
      // Video broke or works again while nobody talked: the page says another thing.
      if ((truth.by_phone ?? "") !== (settings.by_phone ?? "") && truth.stage !== STAGE.ADMITTED) {
        location.reload();
        return;
      }
      for (const field of root.querySelectorAll("[data-room-visit]")) field.value = truth.visit;
      change({
        type: "truth",
        stage: truth.stage,
        canWait: truth.can_wait,
        peerExited: truth.peer_exited,
      });
    } else if (response.type === "opaqueredirect" || [401, 403, 404].includes(response.status)) {
      gone();
    }
  } catch {
    // Nothing is known: what is on the screen stands until the next answer.
  }
  const again = asking.again;
  asking = null;
  if (finished || state.refused !== null) return;
  const pause = state.socket === SOCKET.OPEN ? ASK_WITH_SOCKET_MS : ASK_WITHOUT_SOCKET_MS;
  askTimer = setTimeout(ask, again ? 0 : pause);
}

// Forms that work alone; here they are sent without leaving the page, which would drop the call.
async function submit(event) {
  const form = event.target.closest("form[data-room-form]");
  if (!form) return;
  event.preventDefault();
  const buttons = form.querySelectorAll("button");
  try {
    const sent = post(form, event.submitter);
    for (const button of buttons) button.disabled = true;
    await sent;
  } catch {
    // The state below says whether it was done.
  }
  for (const button of buttons) button.disabled = false;
  form.closest("dialog")?.close();
  await ask();
}

function post(form, submitter = null) {
  return fetch(form.action, {
    method: "POST",
    body: new FormData(form, submitter),
    headers: { "X-Requested-With": "fetch" },
    redirect: "manual",
    signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
  });
}

async function keepAwake() {
  if (wakeLock || document.visibilityState !== "visible") return;
  try {
    wakeLock = (await navigator.wakeLock?.request("screen")) ?? null;
    wakeLock?.addEventListener("release", () => {
      wakeLock = null;
    });
  } catch {
    wakeLock = null;
  }
}

function gone() {
  signalling.stop();
  change({ type: "socket.final", code: CLOSE.GONE });
}

function over() {
  stop();
  controls.draw(state);
  // The victim's next page says what happens now; the officer's stays for the statement.
  if (settings.over_url) location.replace(settings.over_url);
}

// At once and for good: devices dark, connection and socket closed.
function stop() {
  if (finished) return;
  finished = true;
  drop();
  beside.stop();
  media.stop();
  signalling.stop();
  wakeLock?.release();
  clearTimeout(askTimer);
  for (const video of root.querySelectorAll("video")) video.srcObject = null;
}

document.addEventListener("vc:exit", () => {
  signalling.send(FROM_PAGE.LEAVE, { reason: REASON.EXIT });
  stop();
});
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
for (const [target, name] of [
  [globalThis, "online"],
  [document, "visibilitychange"],
]) {
  target.addEventListener(name, () => {
    if (finished || document.visibilityState !== "visible") return;
    signalling.hurry();
    if (wantsCall(state)) keepAwake();
    ask();
  });
}
root.addEventListener("submit", submit);
root.addEventListener("change", ({ target }) => {
  if (target.dataset.roomChoose) media.choose(target.dataset.roomChoose, target.value);
});
navigator.mediaDevices?.addEventListener?.("devicechange", listDevices);

setInterval(mend, 1_000);
controls.draw(state);
root.dataset.roomStarted = "";
if (!isOver(state)) {
  signalling.start();
  // Whoever already said that they are ready is asked for their devices at once.
  if (settings.open_devices) media.open();
}
ask();
