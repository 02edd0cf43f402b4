import { act } from 'react';
import { expect, test } from 'vitest';
import { renderHook } from '../../test-support/renderHook.js';
import type { LocalMicrophone, LocalMicrophoneEvents } from '../media/LocalMicrophone.js';
import { TypedEmitter } from '../TypedEmitter.js';
import { useMicrophone } from './index.js';

class FakeMicrophone extends TypedEmitter<LocalMicrophoneEvents> {
  muted = false;
  deviceId = 'built-in';
  label = 'Built in';
  lost = false;

  mute(): void {
    this.muted = true;
    this.emit('mutedChanged', { muted: true });
  }

  plug(deviceId: string): void {
    this.deviceId = deviceId;
    this.label = deviceId;
    this.emit('deviceChanged', { deviceId, label: deviceId, cause: 'chosen' });
  }
}

test('useMicrophone shows whether it is muted and which device it is, and nothing without one', async () => {
  const microphone = new FakeMicrophone();
  const hook = await renderHook(useMicrophone, { props: microphone as unknown as LocalMicrophone | undefined });
  expect(hook.result).toEqual({ muted: false, deviceId: 'built-in', label: 'Built in', lost: false });
  await act(async () => microphone.mute());
  expect(hook.result?.muted).toBe(true);
  await act(async () => microphone.plug('headset'));
  expect(hook.result).toMatchObject({ deviceId: 'headset', label: 'headset' });
  await hook.rerender(undefined);
  expect(hook.result).toBeUndefined();
});
