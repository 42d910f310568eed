// Camera and microphone: asking, testing, switching, and stopping for good.

import { MEDIA } from "./state.js";

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

// Browsers inside other apps often have no camera, or none that a page may ask for.
export function isInApp(userAgent) {
  return /FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|Snapchat|TikTok|musical_ly|; wv\)/.test(
    userAgent,
  );
}

// Which of the MEDIA words a failed request for devices comes to.
export function problem(error, userAgent) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") {
    return isInApp(userAgent) ? MEDIA.IN_APP : MEDIA.REFUSED;
  }
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return MEDIA.ABSENT;
  return MEDIA.BUSY;
}

export class Media {
  #stream = null;
  #meter = null;
  #generation = 0;

  // onChange gets {status, hasCamera, hasMicrophone} whenever what there is to send changes.
  constructor({ onChange }) {
    this.onChange = onChange;
    this.choice = { camera: null, microphone: null, facing: "user" };
  }

  get stream() {
    return this.#stream;
  }

  // Ask for both; with only one to be had, make do with it. Never throws.
  async open() {
    const devices = navigator.mediaDevices;
    if (!devices?.getUserMedia) {
      this.#tell(isInApp(navigator.userAgent) ? MEDIA.IN_APP : MEDIA.UNSUPPORTED);
      return;
    }
    const generation = ++this.#generation;
    this.#tell(MEDIA.ASKING);
    const video = { ...VIDEO, facingMode: this.choice.facing };
    if (this.choice.camera) {
      delete video.facingMode;
      video.deviceId = { exact: this.choice.camera };
    }
    const audio = { ...AUDIO };
    if (this.choice.microphone) audio.deviceId = { exact: this.choice.microphone };

    let failure = null;
    for (const wish of [{ video, audio }, { audio }, { video }]) {
      try {
        const stream = await devices.getUserMedia(wish);
        // Stopped, or asked again, while the person was deciding: this answer is for nobody.
        if (generation !== this.#generation) {
          for (const track of stream.getTracks()) track.stop();
          return;
        }
        this.#use(stream);
        return;
      } catch (error) {
        failure ??= error;
        // A refusal is an answer: do not ask a second time.
        if (error.name === "NotAllowedError") break;
      }
    }
    if (generation === this.#generation) this.#tell(problem(failure, navigator.userAgent));
  }

  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    const named = (kind) => all.filter((one) => one.kind === kind && one.deviceId);
    return { cameras: named("videoinput"), microphones: named("audioinput") };
  }

  // The other camera of a telephone.
  async turn() {
    this.choice.camera = null;
    this.choice.facing = this.choice.facing === "user" ? "environment" : "user";
    // Telephones open one camera at a time.
    for (const track of this.#stream?.getVideoTracks() ?? []) track.stop();
    await this.open();
  }

  async choose(kind, deviceId) {
    this.choice[kind] = deviceId;
    await this.open();
  }

  enable({ microphone, camera }) {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = microphone;
    for (const track of this.#stream?.getVideoTracks() ?? []) track.enabled = camera;
  }

  // Call `onLevel` with the loudness, 0 to 1, some ten times a second until the stream changes.
  // Returns a function that ends it.
  measure(onLevel) {
    this.#meter?.();
    const track = this.#stream?.getAudioTracks()[0];
    if (!track || !globalThis.AudioContext) return () => {};
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      if (context.state === "suspended") context.resume();
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // Speech at arm's length is about 0.1 of full scale.
      onLevel(Math.min(1, Math.sqrt(power) * 6));
    }, 100);
    this.#meter = () => {
      clearInterval(timer);
      context.close();
      this.#meter = null;
    };
    return this.#meter;
  }

  stopMeasuring() {
    this.#meter?.();
  }

  stop() {
    this.#generation += 1;
    this.#release();
    this.#tell(MEDIA.OFF);
  }

  #use(stream) {
    this.#release();
    this.#stream = stream;
    for (const track of stream.getTracks()) {
      // Unplugged, or taken back in the browser's own settings.
      track.onended = () => this.open();
    }
    this.#tell(MEDIA.ON);
  }

  #release() {
    this.#meter?.();
    for (const track of this.#stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#stream = null;
  }

  #tell(status) {
    this.onChange({
      status,
      hasCamera: Boolean(this.#stream?.getVideoTracks().length),
      hasMicrophone: Boolean(this.#stream?.getAudioTracks().length),
    });
  }
}

// Three short tones, so that a person hears whether the sound is on.
export function playTones() {
  if (!globalThis.AudioContext) return;
  const context = new AudioContext();
  [440, 554, 659].forEach((frequency, index) => {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const start = context.currentTime + index * 0.3;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.2, start + 0.03);
    volume.gain.linearRampToValueAtTime(0, start + 0.25);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.26);
    if (index === 2) tone.onended = () => context.close();
  });
}
