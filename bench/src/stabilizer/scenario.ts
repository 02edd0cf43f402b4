import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const seconds = z.number().min(0).max(3_600);

const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  category: z.string().min(1),
  /** What was said; empty if there was no speech but a recogniser wrote something. */
  reference: z.string(),
  /** One for each word of the reference, separated by spaces; none if unknown. */
  wordEndTimesS: z.array(seconds),
  /** The recogniser's answers, in order. */
  observations: z.array(
    z.strictObject({
      text: z.string(),
      /** When the answer arrived. */
      completedAtS: seconds,
      /** End of its audio. */
      audioEndS: seconds,
      words: z
        .array(
          z.strictObject({
            text: z.string(),
            startS: seconds,
            endS: seconds,
            probability: z.number().min(0).max(1).optional(),
          }),
        )
        .optional(),
    }),
  ),
});

export type Scenario = z.infer<typeof scenarioSchema>;
export type ScenarioObservation = Scenario['observations'][number];

/** @throws with a sentence that says which entry of the file is wrong, and why */
export async function loadScenarios(path: string | URL): Promise<Scenario[]> {
  const parsed = z
    .array(scenarioSchema)
    .min(1)
    .safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`${path} is no file of scenarios: at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? '?'}`);
}
