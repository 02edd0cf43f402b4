import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { readClips } from '../speech/readClips.js';

/** A recording and its transcript. */
export interface DatasetItem {
  /** Path below the folder, without the extension. */
  name: string;
  audioFile: string;
  text: string;
  /** ISO 639-1, empty if there is no speech; absent if unknown. */
  language?: string;
}

export interface Dataset {
  items: DatasetItem[];
  /** Recordings without a transcript, and transcripts without a recording. */
  unmatched: string[];
}

const AUDIO = new Set(['.wav', '.flac', '.mp3', '.ogg', '.oga', '.opus', '.m4a', '.aac', '.webm']);
const LIBRISPEECH = '.trans.txt';

/**
 * All recordings with a transcript in a folder and its subfolders. A transcript is `name.txt` beside `name.wav` (or another format), or a
 * line `name TEXT` of a `*.trans.txt` in the same folder, as in LibriSpeech. A folder with a `clips.json` has what that lists, with
 * languages.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const clips = await readClips(folder);
  if (clips !== undefined) {
    const items = clips.map((clip) => ({ ...clip, name: relative(folder, withoutExtension(clip.audioFile)) }));
    return { items, unmatched: [] };
  }
  const files = await filesIn(folder);
  const recordings = new Map<string, string>();
  for (const file of files) {
    if (AUDIO.has(extname(file).toLowerCase())) recordings.set(withoutExtension(file), file);
  }
  const items: DatasetItem[] = [];
  const unmatched: string[] = [];
  const take = (stem: string, text: string) => {
    const audioFile = recordings.get(stem);
    recordings.delete(stem);
    const name = relative(folder, stem);
    if (audioFile === undefined) unmatched.push(name);
    else items.push({ name, audioFile, text: text.trim() });
  };
  for (const file of files) {
    if (file.endsWith(LIBRISPEECH)) {
      for (const line of lines(await readFile(file, 'utf8'))) {
        const [id = '', ...words] = line.split(/\s+/u);
        take(join(file, '..', id), words.join(' '));
      }
    } else if (file.endsWith('.txt') && recordings.has(withoutExtension(file))) {
      take(withoutExtension(file), await readFile(file, 'utf8'));
    }
  }
  for (const stem of recordings.keys()) unmatched.push(relative(folder, stem));
  return { items: items.sort((a, b) => a.name.localeCompare(b.name)), unmatched };
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    throw new Error(`The folder ${folder} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}.`);
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function withoutExtension(file: string): string {
  return join(file, '..', basename(file, extname(file)));
}
