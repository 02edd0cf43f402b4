import { vi } from 'vitest';

export interface FakeDevice {
  deviceId: string;
  label: string;
}

/** A microphone's track, as far as the SDK uses it. */
export class FakeTrack extends EventTarget {
  readonly kind = 'audio';
  readonly id = `track-${++tracks}`;
  readonly label: string;
  readonly copies: FakeTrack[] = [];
  enabled = true;
  readyState: MediaStreamTrackState = 'live';
  /** Whether constraints on an open track take effect, as in Firefox, or are ignored, as in Chromium. */
  followsConstraints = false;
  #settings: MediaTrackSettings;

  constructor(options: { label: string; settings: MediaTrackSettings }) {
    super();
    this.label = options.label;
    this.#settings = options.settings;
  }

  getSettings(): MediaTrackSettings {
    return this.#settings;
  }

  async applyConstraints(constraints: MediaTrackSettings): Promise<void> {
    if (this.followsConstraints) this.#settings = { ...this.#settings, ...constraints };
  }

  clone(): FakeTrack {
    const copy = new FakeTrack({ label: this.label, settings: this.#settings });
    copy.enabled = this.enabled;
    this.copies.push(copy);
    return copy;
  }

  /** Stopped by the page: no event. */
  stop(): void {
    this.readyState = 'ended';
  }

  /** Ended by the system, e.g. because the device was unplugged. */
  end(): void {
    if (this.readyState === 'ended') return;
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}
let tracks = 0;

/** The microphones of a machine with Chromium: the first device is the system's default, and is listed twice. */
export class FakeMediaDevices extends EventTarget {
  devices: FakeDevice[];
  /** Every microphone that was opened, in order. */
  readonly opened: FakeTrack[] = [];
  readonly asked: MediaTrackConstraints[] = [];
  /** Name of the `DOMException` that opening throws. */
  failure: string | undefined;
  /** Whether constraints take effect on open tracks. */
  followsConstraints = false;
  #held: Promise<void> | undefined;

  constructor(devices: FakeDevice[]) {
    super();
    this.devices = devices;
  }

  /** Replaces the browser's media devices until `vi.unstubAllGlobals`. */
  static install(...labels: string[]): FakeMediaDevices {
    const devices = new FakeMediaDevices(labels.map((label) => ({ deviceId: label.toLowerCase(), label })));
    vi.stubGlobal('navigator', { mediaDevices: devices });
    vi.stubGlobal('isSecureContext', true);
    return devices;
  }

  get last(): FakeTrack {
    const track = this.opened.at(-1);
    if (track === undefined) throw new Error('no microphone was opened');
    return track;
  }

  /** Tracks for which the system would show that the microphone is in use. */
  get live(): FakeTrack[] {
    return this.opened.filter(({ readyState }) => readyState === 'live');
  }

  async enumerateDevices(): Promise<Partial<MediaDeviceInfo>[]> {
    const [first] = this.devices;
    const named = this.devices.map((device) => ({ ...device, groupId: device.deviceId, kind: 'audioinput' as const }));
    if (first === undefined) return [];
    const standard = {
      deviceId: 'default',
      label: `Default - ${first.label}`,
      groupId: first.deviceId,
      kind: 'audioinput' as const,
    };
    return [standard, ...named];
  }

  async getUserMedia({ audio }: { audio: MediaTrackConstraints }): Promise<{ getAudioTracks(): FakeTrack[] }> {
    this.asked.push(audio);
    await this.#held;
    if (this.failure !== undefined) throw failure(this.failure);
    const wanted = (audio.deviceId as { exact: string } | undefined)?.exact;
    const device = wanted === undefined ? this.devices[0] : this.devices.find(({ deviceId }) => deviceId === wanted);
    if (device === undefined) throw failure(wanted === undefined ? 'NotFoundError' : 'OverconstrainedError');
    const open = this.live.find(({ label }) => label === device.label);
    // Like Chromium: an open device keeps its processing.
    const { echoCancellation, noiseSuppression, autoGainControl } = (open?.getSettings() ?? audio) as Record<
      string,
      boolean
    >;
    const track = new FakeTrack({
      label: device.label,
      settings: {
        deviceId: wanted ?? 'default',
        ...(echoCancellation === undefined ? {} : { echoCancellation }),
        ...(noiseSuppression === undefined ? {} : { noiseSuppression }),
        ...(autoGainControl === undefined ? {} : { autoGainControl }),
      },
    });
    track.followsConstraints = this.followsConstraints;
    this.opened.push(track);
    return { getAudioTracks: () => [track] };
  }

  /** Delays opening until the returned function is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = undefined;
        resolve();
      };
    });
    return release;
  }

  plugIn(label: string): void {
    this.devices = [...this.devices, { deviceId: label.toLowerCase(), label }];
    this.tell();
  }

  /** Ends its tracks one after the other, as browsers do. */
  unplug(label: string): void {
    this.devices = this.devices.filter((device) => device.label !== label);
    for (const track of this.opened) {
      if (track.label === label) track.end();
    }
    this.tell();
  }

  /** Changes the default device in the system's settings. */
  makeDefault(label: string): void {
    this.devices = [
      ...this.devices.filter((device) => device.label === label),
      ...this.devices.filter((device) => device.label !== label),
    ];
    this.tell();
  }

  tell(): void {
    this.dispatchEvent(new Event('devicechange'));
  }
}

function failure(name: string): Error {
  return Object.assign(new Error('as browsers say it'), { name });
}

/** An `AudioContext` that measures the level set by the test, and nothing from disabled tracks. */
export function fakeAudioContext(): { amplitude: number; readonly contexts: number } {
  const sound = { amplitude: 0, contexts: 0 };
  class FakeContext {
    state = 'running';
    #track: MediaStreamTrack | undefined;

    constructor() {
      sound.contexts += 1;
    }

    createMediaStreamSource(stream: { tracks: MediaStreamTrack[] }) {
      [this.#track] = stream.tracks;
      return { connect() {}, disconnect() {} };
    }

    createAnalyser() {
      return {
        fftSize: 0,
        getFloatTimeDomainData: (samples: Float32Array) => samples.fill(this.#track?.enabled ? sound.amplitude : 0),
      };
    }

    async close() {
      sound.contexts -= 1;
      this.state = 'closed';
    }
  }
  vi.stubGlobal('AudioContext', FakeContext);
  vi.stubGlobal(
    'MediaStream',
    class {
      readonly tracks: unknown[];
      constructor(tracks: unknown[]) {
        this.tracks = tracks;
      }
    },
  );
  return sound;
}
