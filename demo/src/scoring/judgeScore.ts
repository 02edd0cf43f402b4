import type { RunningModel } from '../meeting/chooseMeeting.js';
import type { MeetingScore } from './scoreMeeting.js';

/** Upper limits of each value. Rates are shares. */
export type Requirements = Readonly<
  Pick<MeetingScore, 'wer' | 'missedUtterances' | 'finalsInSilence' | 'misattributed'>
>;

const NOTHING_LOST = { missedUtterances: 0, finalsInSilence: 0, misattributed: 0 } as const;

/** Required results: for people with a published model, for synthetic voices with the built-in one. */
export const REQUIREMENTS = {
  published: { wer: 0.05, ...NOTHING_LOST },
  builtIn: { wer: 0.08, ...NOTHING_LOST },
} as const satisfies Record<string, Requirements>;

export function requirementsOf(model: Pick<RunningModel, 'demo'>): Requirements {
  return model.demo ? REQUIREMENTS.builtIn : REQUIREMENTS.published;
}

/** The failures of a score, one sentence each; empty if it meets the requirements. */
export function judgeScore(score: MeetingScore, requirements: Requirements): string[] {
  const complaints: string[] = [];
  if (score.wer > requirements.wer) {
    complaints.push(`${percent(score.wer)} of the words are wrong; ${percent(requirements.wer)} are allowed.`);
  }
  if (score.missedUtterances > requirements.missedUtterances) {
    complaints.push(`${count(score.missedUtterances, 'utterance')} missing from the transcript.`);
  }
  if (score.finalsInSilence > requirements.finalsInSilence) {
    complaints.push(`${count(score.finalsInSilence, 'caption')} without any speech.`);
  }
  if (score.misattributed > requirements.misattributed) {
    complaints.push(`${count(score.misattributed, 'caption')} under the wrong name.`);
  }
  return complaints;
}

/** `0.036` is `3.6 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function count(number: number, thing: string): string {
  return number === 1 ? `1 ${thing} is` : `${number} ${thing}s are`;
}
