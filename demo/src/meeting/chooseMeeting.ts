import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Three synthetic voices, with the times of all words: for the built-in model. */
export const SYNTHETIC_MEETING = fileURLToPath(new URL('../../meeting', import.meta.url));
/** Recordings of three people, with the times of utterances. */
export const PEOPLES_MEETING = fileURLToPath(new URL('../../../test/fixtures/people/meeting', import.meta.url));

const MEETINGS = { people: PEOPLES_MEETING, synthetic: SYNTHETIC_MEETING } as const;

export interface ChosenMeeting {
  /** `people`, `synthetic`, or the name of the folder. */
  name: string;
  /** Absolute. */
  directory: string;
}

/** Status of a running model. */
export interface RunningModel {
  name: string;
  /** The built-in model: knows a few synthetic voices only. */
  demo: boolean;
}

/** @param name `people`, `synthetic`, or a folder with a `meeting.json` */
export function meetingNamed(name: string): ChosenMeeting {
  if (name === 'people' || name === 'synthetic') return { name, directory: MEETINGS[name] };
  const directory = resolve(name);
  return { name: basename(directory), directory };
}

/** The requested meeting; by default the one that the model understands. */
export function chooseMeeting({ asked, model }: { asked?: string | undefined; model: RunningModel }): ChosenMeeting {
  return meetingNamed(asked ?? (model.demo ? 'synthetic' : 'people'));
}

/** One sentence: which model transcribes which meeting, and why. */
export function choiceSentence(choice: {
  asked?: string | undefined;
  model: RunningModel;
  meeting: ChosenMeeting;
}): string {
  const { asked, model, meeting } = choice;
  const why =
    asked !== undefined
      ? 'as asked'
      : model.demo
        ? 'the built-in model knows only these synthetic voices'
        : 'a published model understands people';
  return `Model ${model.name}, meeting ${meeting.name}: ${why}.`;
}

/** A sentence if the model cannot understand the meeting. */
export function mismatchWarning({
  model,
  meeting,
}: {
  model: RunningModel;
  meeting: ChosenMeeting;
}): string | undefined {
  if (!model.demo || meeting.directory !== PEOPLES_MEETING) return undefined;
  return `${model.name} knows only synthetic voices: it will not understand the people in this meeting.`;
}
