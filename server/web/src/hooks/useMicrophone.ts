import { LocalMicrophone, listMicrophones, type Microphone, type ParleyError } from '@parley/client-sdk';
import { type RefObject, useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { asError } from './asError.js';

/** The picker's value for participants who only listen. */
export const LISTEN_ONLY = 'listen-only';

export interface MicrophoneChoice {
  microphones: readonly Microphone[];
  /** Empty for the default device. */
  deviceId: string;
  microphone: LocalMicrophone | undefined;
  error: ParleyError | undefined;
  choose: (deviceId: string) => void;
  /** Hands over the open microphone: this hook no longer closes it, unless it is returned. */
  take: () => LocalMicrophone | undefined;
  giveBack: () => void;
}

/** The microphone of the lobby. Opened at once, so that its level is visible before joining. */
export function useMicrophoneChoice(): MicrophoneChoice {
  const [deviceId, setDeviceId] = useState('');
  const [microphone, setMicrophone] = useState<LocalMicrophone>();
  const [microphones, setMicrophones] = useState<readonly Microphone[]>([]);
  const [error, setError] = useState<ParleyError>();
  const taken = useRef<LocalMicrophone>(undefined);
  const listens = deviceId === LISTEN_ONLY;
  const wanted = useRef(deviceId);
  /** Counts choices made while no microphone was open: each opens one. */
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is the reason to open one
  useEffect(() => {
    if (listens) return;
    let current: LocalMicrophone | undefined;
    let ended = false;
    setError(undefined);
    open(wanted.current)
      .then(async (opened) => {
        if (ended) return opened.close();
        current = opened;
        opened.on('devicesChanged', (event) => setMicrophones(event.microphones));
        opened.on('lost', (event) => setError(event.error));
        opened.on('recovered', () => setError(undefined));
        setMicrophone(opened);
        setMicrophones(await listMicrophones());
      })
      .catch((failure: unknown) => ended || setError(asError(failure, 'MICROPHONE_NOT_FOUND')));
    return () => {
      ended = true;
      setMicrophone((shown) => (shown === current ? undefined : shown));
      if (current !== taken.current) current?.close();
    };
  }, [listens, attempt]);

  const choose = useCallback(
    (next: string) => {
      wanted.current = next === LISTEN_ONLY ? '' : next;
      setDeviceId(next);
      if (next === LISTEN_ONLY) return;
      if (microphone === undefined) {
        setAttempt((count) => count + 1);
        return;
      }
      microphone.setDevice(next).then(
        () => setError(undefined),
        (failure: unknown) => setError(asError(failure, 'MICROPHONE_NOT_FOUND')),
      );
    },
    [microphone],
  );

  const take = useCallback(() => {
    taken.current = microphone;
    return microphone;
  }, [microphone]);

  const giveBack = useCallback(() => {
    taken.current = undefined;
  }, []);

  return { microphones, deviceId, microphone, error, choose, take, giveBack };
}

function open(deviceId: string): Promise<LocalMicrophone> {
  return LocalMicrophone.create(deviceId === '' ? {} : { deviceId });
}

const MICROPHONE_EVENTS = [
  'mutedChanged',
  'deviceChanged',
  'devicesChanged',
  'trackChanged',
  'lost',
  'recovered',
] as const;

/** Renders again when the microphone changes. */
export function useMicrophoneChanges(microphone: LocalMicrophone | undefined): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const offs = MICROPHONE_EVENTS.map((name) => microphone?.on(name, redraw));
    return () => {
      for (const off of offs) off?.();
    };
  }, [microphone]);
}

/** The picker's value: empty for the default device, and for a device that is not in its list. */
export function chosenDevice(microphone: LocalMicrophone, microphones: readonly Microphone[]): string {
  const { deviceId } = microphone;
  return deviceId !== 'default' && microphones.some((one) => one.deviceId === deviceId) ? deviceId : '';
}

/** The available microphones, kept up to date. */
export function useMicrophones(microphone: LocalMicrophone | undefined): readonly Microphone[] {
  const [microphones, setMicrophones] = useState<readonly Microphone[]>([]);
  useEffect(() => {
    if (microphone === undefined) return;
    let ended = false;
    listMicrophones().then(
      (found) => ended || setMicrophones(found),
      () => {},
    );
    const off = microphone.on('devicesChanged', (event) => setMicrophones(event.microphones));
    return () => {
      ended = true;
      off();
    };
  }, [microphone]);
  return microphones;
}

/** Writes the level, 0 to 1, to the CSS variable `--level` of an element with every frame, without rendering. */
export function useLevel(microphone: LocalMicrophone | undefined, element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (microphone === undefined) return;
    let frame = 0;
    const draw = () => {
      element.current?.style.setProperty('--level', microphone.level().toFixed(3));
      frame = requestAnimationFrame(draw);
    };
    draw();
    const shown = element.current;
    return () => {
      cancelAnimationFrame(frame);
      shown?.style.removeProperty('--level');
    };
  }, [microphone, element]);
}
