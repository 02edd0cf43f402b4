/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { ORDINARY_MODEL, PageWire } from './support/PageWire.js';
import { Stage } from './support/Stage.js';

const TEST_TIMEOUT_MS = 120_000;
const WINDOWS = {
  'on a desk': { width: 1_280, height: 800 },
  'on a phone': { width: 390, height: 844 },
  'on a phone on its side': { width: 844, height: 390 },
  'on the smallest phone': { width: 360, height: 640 },
  'on the smallest phone on its side': { width: 640, height: 360 },
};
const VIEWS = Object.entries(WINDOWS).map(([view, viewport]) => ({ view, viewport }));
/** More than any list has room for. */
const LONG_TALK = 60;
const LONG_SENTENCE =
  'Nobody in this room has ever heard a sentence that was as long as this one, and it goes on. '.repeat(4);
/** Of a control with a word beside or below its picture; rounding included. */
const HIGHEST_CONTROL_PX = 64;
const ROUNDING_PX = 1;

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  // Nobody moderates: the first of a room would have a notice of it.
  stage = await Stage.create({ guestsModerate: false });
  browser = await stage.launch();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

interface Entered {
  meeting: MeetingPage;
  wire: PageWire;
}

/** Somebody who listens: there is no microphone that anything could be said of. */
async function open(options: { viewport: { width: number; height: number }; captions?: object }): Promise<Entered> {
  const { viewport, captions = {} } = options;
  const context = await stage.newContext(browser, { viewport });
  const wire = await PageWire.between(context, { model: ORDINARY_MODEL });
  const kept = JSON.stringify({ captions });
  await context.addInitScript((value) => localStorage.setItem('parley.preferences', value), kept);
  return { meeting: await MeetingPage.open({ context, url: stage.url }), wire };
}

async function enter(options: Parameters<typeof open>[0] & { room: string }): Promise<Entered> {
  const entered = await open(options);
  await entered.meeting.join({ name: 'Ada', room: options.room });
  return entered;
}

const busy = { level: 1, reason: 'The recogniser is busy.', interimIntervalFactor: 4 } as const;

interface Box {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

interface Layout {
  /** How many there are to read. */
  notices: number;
  /** The page itself never scrolls. */
  scrolls: boolean;
  window: Box;
  header: Box | undefined;
  controls: Box | undefined;
  buttons: Box[];
  /** What the controls and the header leave, if it is there. */
  between: Record<'main' | 'people' | 'captions' | 'lines' | 'transcript' | 'list', Box | undefined>;
}

/** Where everything stands at one moment. */
function layoutOf(page: Page): Promise<Layout> {
  return page.evaluate(() => {
    const boxOf = (element: Element | null) => {
      if (element === null) return undefined;
      const { top, bottom, left, right } = element.getBoundingClientRect();
      return { top, bottom, left, right };
    };
    const box = (selector: string) => boxOf(document.querySelector(selector));
    const { innerWidth, innerHeight } = window;
    return {
      notices: document.querySelectorAll('.notices > *').length,
      scrolls: document.documentElement.scrollHeight > innerHeight,
      window: { top: 0, bottom: innerHeight, left: 0, right: innerWidth },
      header: box('header'),
      controls: box('.control-bar'),
      buttons: Array.from(document.querySelectorAll('.control-bar .control'), (button) => boxOf(button) as Box),
      between: {
        main: box('main'),
        people: box('.people'),
        captions: box('.captions'),
        lines: box('.captions-box'),
        transcript: box('.transcript'),
        list: box('.transcript-list'),
      },
    };
  });
}

function isWithin(inner: Box, outer: Box): boolean {
  return (
    inner.top >= outer.top - ROUNDING_PX &&
    inner.bottom <= outer.bottom + ROUNDING_PX &&
    inner.left >= outer.left - ROUNDING_PX &&
    inner.right <= outer.right + ROUNDING_PX
  );
}

/** What stands where it should not, a line each. */
function misplaced(layout: Layout): string[] {
  const { window: whole, header, controls, buttons, between, scrolls } = layout;
  if (header === undefined || controls === undefined) return ['there is no header or no control bar'];
  const rest = { ...whole, top: header.bottom, bottom: controls.top };
  const wrong = scrolls ? ['the page scrolls'] : [];
  if ((between.captions ?? between.transcript) === undefined) wrong.push('there is nothing to read');
  for (const [name, box] of Object.entries({ header, controls }))
    if (!isWithin(box, whole)) wrong.push(`${name} beyond the window: ${JSON.stringify(box)}`);
  for (const box of buttons) {
    if (!isWithin(box, whole)) wrong.push(`a control beyond the window: ${JSON.stringify(box)}`);
    if (box.bottom - box.top > HIGHEST_CONTROL_PX) wrong.push(`a control ${box.bottom - box.top} px high`);
  }
  for (const [name, box] of Object.entries(between))
    if (box !== undefined && !isWithin(box, rest))
      wrong.push(`${name} over header or controls: ${JSON.stringify(box)}`);
  return wrong;
}

/** @returns the height of the control bar, once everything stands in its place beside so many notices */
async function expectInPlace(page: Page, options: { what: string; notices: number }): Promise<number> {
  const { what, notices } = options;
  let layout = await layoutOf(page);
  await expect
    .poll(
      async () => {
        layout = await layoutOf(page);
        return { notices: layout.notices, misplaced: misplaced(layout) };
      },
      { message: what, timeout: 5_000 },
    )
    .toEqual({ notices, misplaced: [] });
  const { controls } = layout;
  return controls === undefined ? Number.NaN : controls.bottom - controls.top;
}

/** Shows or hides the transcript, and waits until it has come or gone. */
async function toggleTranscript(meeting: MeetingPage): Promise<void> {
  const before = await meeting.get('transcript-list').count();
  await meeting.get('transcript-button').click();
  await expect.poll(() => meeting.get('transcript-list').count()).toBe(1 - before);
}

describe('a page with nothing to notice', () => {
  it.each(VIEWS)(
    'keeps controls, captions and transcript in the window $view: at first, while a notice comes and goes, and after a long talk',
    async ({ view, viewport }) => {
      const { meeting, wire } = await enter({ viewport, room: `window-${viewport.width}` });
      const { page } = meeting;
      const heights: number[] = [];
      const look = async (moment: string, notices: number) => {
        for (const transcript of ['as it was', 'the other way']) {
          heights.push(await expectInPlace(page, { what: `${view}, ${moment}, transcript ${transcript}`, notices }));
          await toggleTranscript(meeting);
        }
      };
      await look('at first', 0);
      wire.tell('transcriptionDegraded', busy);
      await look('with a notice', 1);
      wire.tell('transcriptionRecovered', {});
      await look('after a notice', 0);

      for (let seq = 1; seq <= LONG_TALK; seq++)
        wire.tellEntry({ seq, ...(seq % 5 === 0 ? { text: LONG_SENTENCE } : {}) });
      await meeting.get('caption').or(meeting.get('segment')).first().waitFor();
      await look('after a long talk', 0);
      wire.tell('transcriptionDegraded', busy);
      await look('after a long talk, with a notice', 1);
      wire.tell('transcriptionRecovered', {});
      await look('after all that', 0);
      expect(new Set(heights.map(Math.round)).size, `heights of the control bar: ${heights}`).toBe(1);
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it.each(VIEWS.flatMap(({ view, viewport }) => ['top', 'bottom'].map((position) => ({ view, viewport, position }))))(
    'keeps the largest captions between header and controls $view, at the $position, and so it does when there is much to notice',
    async ({ view, viewport, position }) => {
      const captions = { size: 'huge', lines: '4', position };
      const { meeting, wire } = await enter({ viewport, room: `huge-${viewport.width}-${position}`, captions });
      for (const seq of [1, 2, 3]) wire.tellEntry({ seq, text: LONG_SENTENCE });
      await meeting.get('caption').first().waitFor();
      await expectInPlace(meeting.page, { what: view, notices: 0 });
      wire.tell('transcriptionDegraded', { ...busy, reason: LONG_SENTENCE });
      await expectInPlace(meeting.page, { what: `${view}, with much to notice`, notices: 1 });
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'does not promise captions any more once there was something to read',
    async () => {
      const { meeting, wire } = await enter({ viewport: WINDOWS['on a phone'], room: 'seen' });
      const promise = meeting.page.getByText('Captions appear here when someone speaks.');
      await promise.waitFor();
      await toggleTranscript(meeting);
      wire.tellEntry({ seq: 1 });
      await meeting.get('segment').first().waitFor();
      await toggleTranscript(meeting);
      await meeting.get('captions').waitFor();
      expect(await promise.count()).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a model for people', () => {
  it(
    'is named with where it came from, in the lobby and in the settings, in the language of the page, and warned of nowhere',
    async () => {
      const { meeting } = await open({ viewport: WINDOWS['on a desk'] });
      const english = 'Speech model: Whisper base-q8_0, on this server. The model is its publisher’s original file.';
      await expect.poll(() => meeting.get('lobby-model').textContent()).toBe(english);
      expect(await meeting.get('demo-banner').count()).toBe(0);
      await meeting.join({ name: 'Ada', room: 'named' });
      await meeting.get('settings-button').click();
      await expect.poll(() => meeting.get('model').textContent()).toBe(english);
      expect(await meeting.get('demo-banner').count()).toBe(0);
      await meeting.get('page-language-select').selectOption('fr');
      await expect
        .poll(() => meeting.get('model').textContent())
        .toContain('Le modèle est le fichier original de son éditeur.');
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
