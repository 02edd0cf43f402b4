import type { MeetingScore } from './scoreMeeting.js';

/** What a transcript of the scripted meeting must reach. */
export const REQUIREMENTS = { wer: 0.08, missedUtterances: 0, finalsInSilence: 0, misattributed: 0 } as const;

/** What is wrong with a score, one sentence each; none when it is as required. */
export function judgeScore(score: MeetingScore): string[] {
  const complaints: string[] = [];
  if (score.wer > REQUIREMENTS.wer) {
    complaints.push(`${percent(score.wer)} of the words are wrong; ${percent(REQUIREMENTS.wer)} are allowed.`);
  }
  if (score.missedUtterances > REQUIREMENTS.missedUtterances) {
    complaints.push(`${count(score.missedUtterances, 'utterance')} missing from the transcript.`);
  }
  if (score.finalsInSilence > REQUIREMENTS.finalsInSilence) {
    complaints.push(`${count(score.finalsInSilence, 'caption')} written while nobody said it.`);
  }
  if (score.misattributed > REQUIREMENTS.misattributed) {
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
