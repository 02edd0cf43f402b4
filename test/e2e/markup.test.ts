import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';

const NAME = '<img src=x onerror=top.hacked=1>';
const SPOKEN = '<script>top.hacked=1</script><img src=x onerror="top.hacked=1">';

declare global {
  interface Window {
    hacked?: number;
  }
}

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

it.each([
  { warned: true },
  { warned: false },
])('S14 markup that is spoken, or that somebody has for a name, is shown as text and does nothing, warned of the model: $warned', async ({
  warned,
}) => {
  const browser = await stage.launchHearing([{ silenceMs: 2_000 }, SPEECH.contract, { silenceMs: 2_000 }]);
  const context = await stage.newContext(browser);
  // People can say anything; this recogniser cannot hear it, so its words are put in on their way to the page. So is its kind.
  await context.routeWebSocket(/socket\.io/, (page) => {
    const server = page.connectToServer();
    server.onMessage((message) => {
      const said = String(message).replace(/"text":"[^"]+"/, `"text":${JSON.stringify(SPOKEN)}`);
      page.send(said.replace('"demo":true', `"demo":${warned}`));
    });
  });
  const meeting = await MeetingPage.open({ context, url: stage.url });
  await meeting.join({ name: NAME, room: `markup-${warned}` });
  await expect
    .poll(async () => (await meeting.finals()).map(({ text }) => text), { timeout: 60_000 })
    .toContain(SPOKEN);
  expect(await meeting.get('demo-banner').count()).toBe(warned ? 1 : 0);
  const [final] = await meeting.finals();
  expect(final?.speaker).toBe(NAME);
  expect(
    await meeting.page.locator('[data-testid=segment] img, [data-testid=participant] img, .captions img').count(),
  ).toBe(0);
  expect(await meeting.page.evaluate(() => window.hacked)).toBeUndefined();
  expect(meeting.errors).toEqual([]);
}, 120_000);
