import { access, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { comparableWords } from '@parley/media/testing';
import { z } from 'zod';
import { DemoError } from '../DemoError.js';
import type { Meeting, Span } from './Meeting.js';

const wordSchema = z.tuple([z.number().min(0), z.number().positive()]);

const meetingFileSchema = z.object({
  duration: z.number().positive(),
  speakers: z
    .array(
      z.object({
        name: z.string().min(1),
        // A name and nothing else: a script reads no file outside its folder.
        file: z.string().regex(/^[^/\\]+$/),
      }),
    )
    .min(1),
  segments: z.array(
    z
      .object({
        speaker: z.string().min(1),
        start: z.number().min(0),
        end: z.number().positive(),
        text: z.string().min(1),
        words: z.array(wordSchema).optional(),
      })
      .refine((segment) => segment.end > segment.start, 'ends before it begins')
      .refine(
        ({ text, words }) => words === undefined || words.length === comparableWords(text).length,
        'must have one pair of times for each word',
      )
      .refine(({ start, end, words = [] }) => {
        const times = [start, ...words.flat(), end];
        return times.every((time, index) => time >= (times[index - 1] ?? 0));
      }, 'has words that are out of order or outside its own times'),
  ),
});

/**
 * Reads `meeting.json` of a folder: `{ duration, speakers: [{ name, file }], segments: [{ speaker, start, end, text, words }] }`,
 * times in seconds from the start of the tracks. `words` may be left out: `[start, end]` of each word of the text.
 *
 * @throws {DemoError} when the folder, the script or a track is missing or not as it should be
 */
export async function loadMeeting(directory: string): Promise<Meeting> {
  const folder = resolve(directory);
  const script = join(folder, 'meeting.json');
  let text: string;
  try {
    text = await readFile(script, 'utf8');
  } catch (error) {
    throw new DemoError(`No meeting found in ${folder}: ${script} cannot be read.`, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DemoError(`${script} is not valid JSON.`, { cause: error });
  }
  const parsed = meetingFileSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.join('.');
    throw new DemoError(`${script} is not a meeting: ${where}: ${issue?.message ?? 'not as expected'}.`);
  }

  const speakers = parsed.data.speakers.map(({ name, file }) => ({ name, file: join(folder, file) }));
  const names = new Set(speakers.map(({ name }) => name));
  if (names.size !== speakers.length) throw new DemoError(`${script} is not a meeting: two speakers share a name.`);
  const stranger = parsed.data.segments.find(({ speaker }) => !names.has(speaker));
  if (stranger !== undefined) {
    throw new DemoError(`${script} is not a meeting: ${stranger.speaker} speaks but is not listed as a speaker.`);
  }
  for (const { name, file } of speakers) {
    await access(file).catch((error: unknown) => {
      throw new DemoError(`The track of ${name} is missing: ${file} cannot be read.`, { cause: error });
    });
  }
  return {
    name: basename(folder),
    durationMs: parsed.data.duration * 1_000,
    speakers,
    utterances: parsed.data.segments
      .map(({ speaker, start, end, text: said, words }) => ({
        speaker,
        startMs: start * 1_000,
        endMs: end * 1_000,
        text: said,
        ...(words === undefined ? {} : { words: words.map(toSpan) }),
      }))
      .sort((a, b) => a.startMs - b.startMs),
  };
}

/** Seconds to whole milliseconds. */
function toSpan([start, end]: z.infer<typeof wordSchema>): Span {
  return { startMs: Math.round(start * 1_000), endMs: Math.round(end * 1_000) };
}
