import { useEffect, useRef } from 'react';

/** Calls back for single letters, unless the person is typing. */
export function useShortcuts(keys: Readonly<Record<string, () => void>>, enabled: boolean): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      current.current[event.key.toLowerCase()]?.();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [enabled]);
}

/** Calls back when the space bar is pressed and released, unless it is meant for the focused element. */
export function useHeldSpace(options: { onPress: () => void; onRelease: () => void }, enabled: boolean): void {
  const current = useRef(options);
  useEffect(() => {
    current.current = options;
  });
  useEffect(() => {
    if (!enabled) return;
    let held = false;
    const release = () => {
      if (held) current.current.onRelease();
      held = false;
    };
    const onDown = (event: KeyboardEvent) => {
      if (event.key !== ' ' || isTyping(event.target) || isPressable(event.target)) return;
      event.preventDefault();
      if (held) return;
      held = true;
      current.current.onPress();
    };
    const onUp = (event: KeyboardEvent) => {
      if (event.key === ' ') release();
    };
    addEventListener('keydown', onDown);
    addEventListener('keyup', onUp);
    // The key is released elsewhere.
    addEventListener('blur', release);
    return () => {
      release();
      removeEventListener('keydown', onDown);
      removeEventListener('keyup', onUp);
      removeEventListener('blur', release);
    };
  }, [enabled]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, dialog, [popover]') !== null;
}

function isPressable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, summary') !== null;
}
