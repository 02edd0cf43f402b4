import type { Colors } from 'picocolors/types.js';
import { judgeScore, percent, type Requirements } from '../scoring/judgeScore.js';
import type { MeetingScore, Percentiles } from '../scoring/scoreMeeting.js';

/** The score as a table and a verdict, lines of a terminal. */
export function formatScore(
  score: MeetingScore,
  { colors, requirements }: { colors: Colors; requirements: Requirements },
): string[] {
  const nameColumns = Math.max(7, ...score.speakers.map(({ name }) => name.length));
  const row = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(nameColumns)}${cells.map((cell) => cell.padStart(11)).join('')}`;
  const sum = (key: 'words' | 'finals') => score.speakers.reduce((total, speaker) => total + speaker[key], 0);
  const lines = [
    colors.bold(row('', ['words', 'wrong', 'captions'])),
    ...score.speakers.map(({ name, words, wer, finals }) => row(name, [`${words}`, percent(wer), `${finals}`])),
    row('all', [`${sum('words')}`, percent(score.wer), `${sum('finals')}`]),
    '',
    `  first word to first text    ${latency(score.speechStartToInterimMs)}`,
    `  word -> visible             ${latency(score.wordToVisibleMs)}`,
    `  last word to final caption  ${latency(score.speechEndToFinalMs)}`,
    '',
    `  ${score.erasedVisibleWords.erased} of ${score.erasedVisibleWords.shown} shown words changed`,
    `  missed utterances ${score.missedUtterances}, captions in silence ${score.finalsInSilence}, under the wrong name ${score.misattributed}`,
    '',
  ];
  const complaints = judgeScore(score, requirements);
  if (complaints.length === 0)
    lines.push(colors.green('Passed: everyone was captioned correctly and under the right name.'));
  else lines.push(colors.red('Not passed.'), ...complaints.map((complaint) => colors.red(`  ${complaint}`)));
  return lines;
}

function latency({ p50, p95 }: Percentiles): string {
  if (p50 === null || p95 === null) return 'nothing to measure';
  return `median ${Math.round(p50)} ms, 95 % within ${Math.round(p95)} ms`;
}
