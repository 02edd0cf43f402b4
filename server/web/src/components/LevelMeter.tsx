import { createLevelMeter } from '@parley/client-sdk';
import { useEffect, useRef } from 'react';

/** How loud the microphone is, drawn sixty times a second without asking React. */
export function LevelMeter({ track }: { track: MediaStreamTrack | undefined }) {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    if (track === undefined) return;
    const levels = createLevelMeter(track);
    let frame = 0;
    const draw = () => {
      if (meter.current !== null) meter.current.value = levels.level();
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      levels.close();
    };
  }, [track]);
  return (
    <meter
      ref={meter}
      className="level"
      min={0}
      max={1}
      value={0}
      aria-label="Microphone level"
      data-testid="level-meter"
    />
  );
}
