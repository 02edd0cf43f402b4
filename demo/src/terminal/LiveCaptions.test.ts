import type { Segment } from '@parley/client-sdk/protocol';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { LiveCaptions } from './LiveCaptions.js';

const plain = pc.createColors(false);
const ESCAPE = '\u001b';
const CONTROL = new RegExp(`(${ESCAPE}\\[\\d*[AJ]|\\n)`);

function segment(part: Partial<Segment>): Segment {
  return {
    id: 'a',
    meetingId: 'meeting',
    participantId: 'ada',
    displayName: 'Ada',
    track: 'microphone',
    startMs: 65_400,
    endMs: 67_000,
    text: 'Good morning',
    language: 'en',
    confidence: 0.9,
    revision: 1,
    status: 'interim',
    ...part,
  };
}

/** A terminal that understands what the captions use: text, line feeds, cursor up, erase to the end. */
class Screen {
  readonly isTTY: boolean;
  readonly columns = 40;
  lines: string[] = [''];
  written = '';

  constructor(options: { isTTY: boolean }) {
    this.isTTY = options.isTTY;
  }

  write(text: string): void {
    this.written += text;
    for (const part of text.split(CONTROL)) {
      if (part === '\n') this.lines.push('');
      else if (part.endsWith('A') && part.startsWith(ESCAPE)) {
        const up = Number(part.slice(2, -1));
        this.lines.splice(this.lines.length - 1 - up, up + 1, '');
      } else if (!part.startsWith(ESCAPE)) this.lines[this.lines.length - 1] += part;
    }
  }
}

describe('captions on a terminal', () => {
  it('rewrite the unfinished text in place and keep the final', () => {
    const screen = new Screen({ isTTY: true });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.update(segment({}));
    captions.update(segment({ text: 'Good morning every' }));
    expect(screen.lines).toEqual(['[1:05] Ada: Good morning every', '']);
    captions.update(segment({ text: 'Good morning everyone.', status: 'final' }));
    expect(screen.lines).toEqual(['[1:05] Ada: Good morning everyone.', '']);
  });

  it('keep what one person is still saying below the final of another', () => {
    const screen = new Screen({ isTTY: true });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.update(segment({}));
    captions.update(segment({ id: 'b', participantId: 'ben', displayName: 'Ben', startMs: 66_000, text: 'Yes' }));
    captions.update(
      segment({ id: 'b', participantId: 'ben', displayName: 'Ben', startMs: 66_000, text: 'Yes.', status: 'final' }),
    );
    expect(screen.lines).toEqual(['[1:06] Ben: Yes.', '[1:05] Ada: Good morning', '']);
  });

  it('show the end of a text that is wider than the terminal, on one line', () => {
    const screen = new Screen({ isTTY: true });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.update(segment({ text: 'We finished the database migration on Thursday' }));
    expect(screen.lines[0]).toBe('[1:05] Ada: …base migration on Thursday');
    expect(screen.lines[0]?.length).toBe(screen.columns - 1);
  });

  it('take back what turned out not to be speech', () => {
    const screen = new Screen({ isTTY: true });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.update(segment({}));
    captions.retract('a');
    captions.retract('unknown');
    expect(screen.lines).toEqual(['']);
  });

  it('leave no unfinished text behind when they are cleared', () => {
    const screen = new Screen({ isTTY: true });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.print('They talk:');
    captions.update(segment({}));
    captions.clear();
    captions.print('Done.');
    expect(screen.lines).toEqual(['They talk:', 'Done.', '']);
  });

  it('say why speech has no text', () => {
    const screen = new Screen({ isTTY: true });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.update(segment({ status: 'gap', text: '', reason: 'overloaded' }));
    expect(screen.lines[0]).toBe('[1:05] Ada: (no text: overloaded)');
  });

  it('give each speaker a colour of their own', () => {
    const screen = new Screen({ isTTY: true });
    const colors = pc.createColors(true);
    const captions = new LiveCaptions({ output: screen, colors });
    captions.update(segment({ status: 'final' }));
    captions.update(segment({ id: 'b', participantId: 'ben', displayName: 'Ben', status: 'final' }));
    captions.update(segment({ id: 'c', status: 'final' }));
    expect(screen.written.split(colors.cyan('Ada:'))).toHaveLength(3);
    expect(screen.written).toContain(colors.yellow('Ben:'));
  });
});

describe('captions in a file or a pipe', () => {
  it('are finals only, one line each, without a control character', () => {
    const screen = new Screen({ isTTY: false });
    const captions = new LiveCaptions({ output: screen, colors: plain });
    captions.update(segment({}));
    captions.update(segment({ text: 'Good morning everyone.', status: 'final' }));
    captions.update(segment({ id: 'b' }));
    captions.clear();
    expect(screen.written).toBe('[1:05] Ada: Good morning everyone.\n');
  });
});
