import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const CLIPS_FILE = 'clips.json';

const clipsSchema = z
  .array(
    z.object({
      // A name and nothing else: a list reads no file outside its folder.
      file: z.string().regex(/^[^/\\]+$/),
      /** ISO 639-1; empty where nobody speaks. */
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
 * The recordings of a folder with a `clips.json`: `[{ file, language, text }]`; undefined where there is no such list.
 *
 * @throws Error where the list is not as it should be, or a recording is missing
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
