import { type Heard, StandingSpeaker, type StandingSpeakerOptions } from '../StandingSpeaker.js';

const CHUNK_SAMPLES = 320;
const CHUNK_MS = 20;

/** Plays samples through a speaker's pipeline in a time that stands still during work. */
export async function playSamples(options: StandingSpeakerOptions & { pcm: Int16Array }): Promise<Heard> {
  const { pcm, ...how } = options;
  const speaker = new StandingSpeaker(how);
  for (let at = 0; at < pcm.length; at += CHUNK_SAMPLES) {
    speaker.pipeline.pushPcm(pcm.slice(at, at + CHUNK_SAMPLES));
    await speaker.goOn(CHUNK_MS);
  }
  return speaker.close();
}
