// The companion's page: waits, and once let in has a line to everybody in the call.

import { Beside } from "./beside.js";
import { Media } from "./media.js";
import { STAGE } from "./protocol.js";
import { MEDIA } from "./state.js";

const ASK_MS = 3_000;
const root = document.querySelector("[data-beside]");
const settings = JSON.parse(document.getElementById("beside-settings").textContent);
const page = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");

const on = { microphone: true, camera: true };
let stage = settings.stage;
let iceServers = settings.ice_servers;
let finished = false;

const beside = new Beside({
  url: settings.socket_url,
  page,
  role: settings.role,
  stream: () => media.stream,
  iceServers: () => iceServers,
  place: root.querySelector("[data-room-others]"),
  names: settings.names,
});
const media = new Media({
  onChange({ status }) {
    part("refused").hidden = [MEDIA.ON, MEDIA.ASKING, MEDIA.OFF].includes(status);
    if (status !== MEDIA.ON) return;
    media.enable(on);
    root.querySelector("[data-beside-self]").srcObject = media.stream;
    beside.replace();
    settle();
  },
});

function part(name) {
  return root.querySelector(`[data-beside-part="${name}"]`);
}

function settle() {
  if (finished) return;
  part("arrive").hidden = stage !== STAGE.BOOKED;
  part("wait").hidden = stage !== STAGE.WAITING;
  part("call").hidden = stage !== STAGE.ADMITTED;
  if (stage === STAGE.WAITING || stage === STAGE.ADMITTED) media.stream ?? open();
  if (stage === STAGE.ADMITTED) beside.start();
  else beside.stop();
}

let opening = false;
async function open() {
  if (opening) return;
  opening = true;
  await media.open();
  opening = false;
}

async function ask() {
  try {
    const response = await fetch(settings.state_url, { cache: "no-store", redirect: "manual" });
    if (response.status === 403 || response.status === 404) return over();
    if (response.ok) {
      const truth = await response.json();
      iceServers = truth.ice_servers;
      if (truth.stage === STAGE.ENDED) return over();
      if (truth.stage !== stage) {
        stage = truth.stage;
        settle();
      }
    }
  } catch {
    // Nothing is known: what stands on the screen stands until the next answer.
  }
  if (!finished) setTimeout(ask, ASK_MS);
}

function stop() {
  if (finished) return;
  finished = true;
  beside.stop();
  media.stop();
}

function over() {
  stop();
  location.replace(settings.over_url);
}

root.addEventListener("click", ({ target }) => {
  const device = target.closest("[data-beside-toggle]")?.dataset.besideToggle;
  if (device) {
    on[device] = !on[device];
    media.enable(on);
    target.closest("button").setAttribute("aria-pressed", String(!on[device]));
  }
  if (target.closest("[data-beside-open]")) open();
});
document.addEventListener("vc:exit", stop);
addEventListener("pagehide", stop);

settle();
ask();
