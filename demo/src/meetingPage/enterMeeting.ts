import type { Page } from 'playwright-core';

const STEP_TIMEOUT_MS = 30_000;

export interface EnterMeetingOptions {
  page: Page;
  serverUrl: string;
  room: string;
  displayName: string;
  /** Join with the browser's microphone; default: only listen. */
  microphone?: boolean;
}

/** Opens the meeting page of the server and fills its form, up to the button. */
export async function openLobby({
  page,
  serverUrl,
  room,
  displayName,
  microphone,
}: EnterMeetingOptions): Promise<void> {
  await page.goto(`${serverUrl}/?room=${encodeURIComponent(room)}`);
  await page.getByTestId('name-input').fill(displayName, { timeout: STEP_TIMEOUT_MS });
  const select = page.getByTestId('microphone-select');
  // Before the browser has said which microphones there are, the page knows none of them.
  if (microphone === true) {
    const named = select.locator('option:not([value=""], [value="listen-only"])');
    await named.first().waitFor({ state: 'attached', timeout: STEP_TIMEOUT_MS });
  } else {
    await select.selectOption('listen-only', { timeout: STEP_TIMEOUT_MS });
  }
}

/** Presses the button of the filled form and waits until the page shows its own participant. */
export async function joinFromLobby({ page, displayName }: EnterMeetingOptions): Promise<void> {
  await page.getByTestId('join-button').click({ timeout: STEP_TIMEOUT_MS });
  const own = page.getByTestId('participant').filter({ hasText: displayName });
  await own.first().waitFor({ timeout: STEP_TIMEOUT_MS });
}
