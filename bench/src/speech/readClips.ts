import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const CLIPS_FILE = 'clips.json';

const clipsSchema = z
  .array(
    z.object({
      // Only a name: a list reads no file outside its folder.
      file: z.string().regex(/^[^/\\]+$/),
      /** ISO 639-1; empty if there is no speech. */
      language: z.string().regex(/^([a-z]{2,3})?$/),
      text: z.string(),
    }),
  )
  .min(1);

export interface Clip {
  audioFile: string;
  language: string;
  text: string;
}

/**
 * The recordings in a folder with a `clips.json`: `[{ file, language, text }]`; undefined if there is no such list.
 *
 * @throws Error if the list is invalid, or a recording is missing
 */
export async function readClips(folder: string): Promise<Clip[] | undefined> {
  const list = join(folder, CLIPS_FILE);
  const content = await readFile(list, 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  const parsed = clipsSchema.safeParse(jsonOf(content));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${list} is no list of recordings: at ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  }
  return await Promise.all(
    parsed.data.map(async ({ file, language, text }) => {
      const audioFile = join(folder, file);
      await access(audioFile).catch((error: unknown) => {
        throw new Error(`${list} names ${file}, which cannot be read.`, { cause: error });
      });
      return { audioFile, language, text };
    }),
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
