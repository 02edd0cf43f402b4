import { readFileSync } from 'node:fs';
import { resolveSpeechSettings } from '@parley/media/settings';
import {
  createOpusDecoder,
  libopusAvailable,
  type OpusImplementation,
  type PcmBlock,
  PcmRing,
  parseRtpPacket,
  RtpReceiver,
  rms,
  Segmenter,
  TrackDecoder,
  VAD_FRAME_SAMPLES,
  VoiceActivityModel,
} from '@parley/media/worker';
import { type BenchResult, formatNumber } from './report.js';

const PACKET_MS = 20;
const TICKS_PER_PACKET = 960;
const PAYLOAD_TYPE = 111;
const FRAME_MS = 32;
const BATCH_STREAMS = 32;
/** Times of the fixture's 4 s for every measurement. */
const ROUNDS = 100;

interface IngestFigures {
  transport: { parseUs: number; parseAndJitterUs: number };
  decode: DecodeFigures[];
  vad: { singleFrameUs: number; batchStreams: number; batchFramePerStreamUs: number };
  whole: { implementation: OpusImplementation; streams: number; timesRealTimePerCore: number };
}

interface DecodeFigures {
  implementation: OpusImplementation;
  parseJitterDecodeUs: number;
  timesRealTime: number;
}

/**
 * The way of a speaker's audio from a datagram to the segmenter, on one thread: parser, jitter buffer, Opus decoder, ring,
 * VAD, segmenter. All figures are CPU time of this process, so that a busy machine counts little.
 */
export async function benchIngest(): Promise<BenchResult> {
  const implementations: OpusImplementation[] = libopusAvailable() ? ['libopus', 'opusscript'] : ['opusscript'];
  const datagrams = makeDatagrams();
  const model = await VoiceActivityModel.create();
  try {
    const figures: IngestFigures = {
      transport: measureTransport(datagrams),
      decode: implementations.map((implementation) => measureDecode(datagrams, implementation)),
      vad: {
        singleFrameUs: await measureVad(model, 1),
        batchStreams: BATCH_STREAMS,
        batchFramePerStreamUs: await measureVad(model, BATCH_STREAMS),
      },
      whole: {
        implementation: implementations[0] ?? 'opusscript',
        streams: BATCH_STREAMS,
        timesRealTimePerCore: await measureWhole(model, datagrams),
      },
    };
    return { table: tableOf(figures), figures: { ...figures } };
  } finally {
    await model.close();
  }
}

function tableOf({ transport, decode, vad, whole }: IngestFigures): BenchResult['table'] {
  const rows: string[][] = [];
  const add = (what: string, us: number, audioMs: number) =>
    rows.push([what, formatNumber(us), formatNumber((audioMs * 1_000) / us)]);
  add('RTP parse, a packet of 20 ms', transport.parseUs, PACKET_MS);
  add('RTP parse + jitter buffer', transport.parseAndJitterUs, PACKET_MS);
  for (const { implementation, parseJitterDecodeUs } of decode) {
    add(`RTP parse + jitter buffer + decode (${implementation})`, parseJitterDecodeUs, PACKET_MS);
  }
  add('VAD, a frame of 32 ms alone', vad.singleFrameUs, FRAME_MS);
  add(`VAD, a frame in a batch of ${vad.batchStreams}`, vad.batchFramePerStreamUs, FRAME_MS);
  add(
    `whole ingest of ${whole.streams} speakers (${whole.implementation}), 20 ms of one`,
    (PACKET_MS * 1_000) / whole.timesRealTimePerCore,
    PACKET_MS,
  );
  return { columns: ['what', 'us', 'x real time on one core'], rows };
}

/** CPU microseconds of this process, all of its threads, since `before`. */
function cpuUsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function cpuUs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return cpuUsSince(before);
}

/** The best of five: what the code costs when nothing disturbs it. The runs before only warm up. */
function bestUs(work: () => void): number {
  for (let round = 0; round < 3; round += 1) work();
  const once = () => {
    const before = process.cpuUsage();
    work();
    return cpuUsSince(before);
  };
  return Math.min(...Array.from({ length: 5 }, once));
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../media/test/fixtures/${name}`, import.meta.url));
}

/** The fixture's sentence again and again, as a browser sends it through an SFU: with one header extension. */
function makeDatagrams(): Uint8Array[] {
  const all: Record<string, string[]> = JSON.parse(fixture('opusPackets.json').toString('utf8'));
  const payloads = (all.speech20msFec ?? []).map((base64) => Buffer.from(base64, 'base64'));
  const datagrams: Uint8Array[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const payload of payloads) {
      const index = datagrams.length;
      const datagram = Buffer.alloc(20 + payload.length);
      datagram.writeUInt8(0x90, 0);
      datagram.writeUInt8(PAYLOAD_TYPE, 1);
      datagram.writeUInt16BE(index & 0xffff, 2);
      datagram.writeUInt32BE((index * TICKS_PER_PACKET) >>> 0, 4);
      datagram.writeUInt32BE(0x1234_5678, 8);
      datagram.set([0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0], 12);
      datagram.set(payload, 20);
      datagrams.push(datagram);
    }
  }
  return datagrams;
}

function measureTransport(datagrams: Uint8Array[]): IngestFigures['transport'] {
  let bytes = 0;
  const parseUs = bestUs(() => {
    for (const datagram of datagrams) {
      const parsed = parseRtpPacket(datagram);
      if (parsed.ok) bytes += parsed.packet.payload.length;
    }
  });
  const jitterUs = bestUs(() => {
    const receiver = new RtpReceiver({
      payloadType: PAYLOAD_TYPE,
      onOutput: (output) => {
        if (output.kind === 'packet') bytes += output.payload.length;
      },
    });
    receive(receiver, datagrams);
  });
  if (bytes === 0) throw new Error('nothing was received');
  return { parseUs: parseUs / datagrams.length, parseAndJitterUs: jitterUs / datagrams.length };
}

function measureDecode(datagrams: Uint8Array[], implementation: OpusImplementation): DecodeFigures {
  let samples = 0;
  const us = bestUs(() => {
    const track = new TrackDecoder({
      decoder: createOpusDecoder({ prefer: implementation }),
      onPcm: ({ pcm }) => {
        samples += pcm.length;
      },
    });
    const receiver = new RtpReceiver({ payloadType: PAYLOAD_TYPE, onOutput: (output) => track.handle(output, 0) });
    receive(receiver, datagrams);
    track.close();
  });
  if (samples === 0) throw new Error('nothing was decoded');
  const parseJitterDecodeUs = us / datagrams.length;
  return { implementation, parseJitterDecodeUs, timesRealTime: (PACKET_MS * 1_000) / parseJitterDecodeUs };
}

function receive(receiver: RtpReceiver, datagrams: Uint8Array[]): void {
  let nowMs = 0;
  for (const datagram of datagrams) {
    const parsed = parseRtpPacket(datagram);
    if (parsed.ok) receiver.push(parsed.packet, nowMs);
    nowMs += PACKET_MS;
  }
}

/** @returns CPU microseconds a frame of one stream */
async function measureVad(model: VoiceActivityModel, streamCount: number): Promise<number> {
  const bytes = fixture('speech16k.s16le');
  const speech = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const streams = Array.from({ length: streamCount }, () => model.open({ onProbability: () => undefined }));
  const frames = Math.floor(speech.length / VAD_FRAME_SAMPLES);
  const pass = async () => {
    for (let frame = 0; frame < frames; frame += 1) {
      const pcm = speech.subarray(frame * VAD_FRAME_SAMPLES, (frame + 1) * VAD_FRAME_SAMPLES);
      for (const stream of streams) stream.push(pcm);
      await Promise.all(streams.map((stream) => stream.drain()));
    }
  };
  await pass();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) best = Math.min(best, await cpuUs(pass));
  for (const stream of streams) stream.close();
  return best / (frames * streamCount);
}

/** All of it for many speakers at once, packet by packet. @returns seconds of audio for each second of CPU time */
async function measureWhole(model: VoiceActivityModel, datagrams: Uint8Array[]): Promise<number> {
  const seconds = 20;
  const packetCount = (seconds * 1_000) / PACKET_MS;
  let segments = 0;
  const speakers = Array.from({ length: BATCH_STREAMS }, () =>
    makeSpeaker(model, () => {
      segments += 1;
    }),
  );
  const pass = async (from: number) => {
    for (let packet = from; packet < from + packetCount; packet += 1) {
      const datagram = datagrams[packet];
      if (datagram === undefined) throw new Error('the fixture is too short');
      for (const speaker of speakers) speaker.push(datagram, packet * PACKET_MS);
      // As in a live process, the event loop turns between the packets of one 20 ms and the next.
      await Promise.all(speakers.map((speaker) => speaker.drain()));
    }
  };
  await pass(0);
  const usedUs = await cpuUs(() => pass(packetCount));
  for (const speaker of speakers) speaker.close();
  if (segments === 0) throw new Error('no speech was found');
  return (seconds * BATCH_STREAMS * 1e6) / usedUs;
}

function makeSpeaker(model: VoiceActivityModel, onSegment: () => void) {
  const settings = resolveSpeechSettings('balanced');
  const segmenter = new Segmenter(settings);
  const ring = new PcmRing();
  const frame = new Int16Array(VAD_FRAME_SAMPLES);
  const waiting: { startSample: number; level: number }[] = [];
  let filled = 0;
  let frameStart = 0;
  const vad = model.open({
    onProbability: (probability) => {
      const next = waiting.shift();
      if (next === undefined) return;
      const events = segmenter.push({
        startSample: next.startSample,
        samples: VAD_FRAME_SAMPLES,
        probability,
        rms: next.level,
      });
      for (const event of events) {
        if (event.type === 'segmentClosed' && ring.read(event.startSample, event.endSample).length > 0) onSegment();
      }
    },
  });
  const onPcm = ({ startSample, pcm }: PcmBlock) => {
    ring.write(startSample, pcm);
    for (let at = 0; at < pcm.length; ) {
      const taken = Math.min(VAD_FRAME_SAMPLES - filled, pcm.length - at);
      frame.set(pcm.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < VAD_FRAME_SAMPLES) continue;
      waiting.push({ startSample: frameStart, level: rms(frame) });
      vad.push(frame);
      frameStart += VAD_FRAME_SAMPLES;
      filled = 0;
    }
  };
  const track = new TrackDecoder({ decoder: createOpusDecoder(), onPcm });
  const receiver = new RtpReceiver({ payloadType: PAYLOAD_TYPE, onOutput: (output) => track.handle(output, 0) });
  return {
    push(datagram: Uint8Array, nowMs: number) {
      const parsed = parseRtpPacket(datagram);
      if (parsed.ok) receiver.push(parsed.packet, nowMs);
    },
    drain: () => vad.drain(),
    close() {
      vad.close();
      track.close();
    },
  };
}
