import { describe, expect, it } from 'vitest';
import { meetingNamed } from '../meeting/chooseMeeting.js';
import { loadMeeting } from '../meeting/loadMeeting.js';
import { parsePictureArguments } from './parsePictureArguments.js';
import { type PicturedMeeting, SCENES } from './scenes.js';

describe('the arguments of the pictures', () => {
  it('leave the meeting to the model', () => {
    expect(parsePictureArguments([])).toEqual({ help: false, model: 'auto' });
    expect(parsePictureArguments(['--model', 'parley-nano', '--meeting', 'people'])).toEqual({
      help: false,
      model: 'parley-nano',
      meeting: 'people',
    });
  });

  it('are refused for a meeting without known moments, and where they are not known', () => {
    expect(() => parsePictureArguments(['--meeting', './mine'])).toThrow(
      '--meeting takes people or synthetic, not ./mine.',
    );
    expect(() => parsePictureArguments(['--loud'])).toThrow("Unknown option '--loud'. See --help.");
    expect(() => parsePictureArguments(['--model', ''])).toThrow('--model is empty.');
  });
});

describe('the moments of the pictures', () => {
  it.each(
    Object.keys(SCENES) as PicturedMeeting[],
  )('are words of the meeting, one after the other: %s', async (name) => {
    const { utterances } = await loadMeeting(meetingNamed(name).directory);
    const said = utterances.map(({ text }) => text.toLowerCase());
    const { moments, search } = SCENES[name];
    let at = 0;
    for (const { words } of Object.values(moments)) {
      const place = said.findIndex((text, index) => index >= at && text.includes(words));
      expect(place, words).toBeGreaterThanOrEqual(at);
      at = place;
    }
    expect(said.slice(0, at + 1).some((text) => text.includes(search.toLowerCase()))).toBe(true);
  });
});
