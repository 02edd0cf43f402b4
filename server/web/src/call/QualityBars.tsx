import type { ConnectionQuality, ParleyClient } from '@parley/client-sdk';
import { useConnectionQuality } from '@parley/client-sdk/react';
import { useText } from '../i18n/I18n.js';

const BARS: Record<ConnectionQuality['level'], number> = { excellent: 3, good: 2, poor: 1, lost: 0 };

/** Connection quality of a participant; nothing until it has been measured. */
export function QualityBars({ client, participantId }: { client: ParleyClient; participantId: string }) {
  const quality = useConnectionQuality(client, participantId);
  const { call } = useText().text;
  if (quality === undefined) return null;
  const label = call.quality[quality.level];
  return (
    <svg
      className={`quality ${quality.level}`}
      viewBox="0 0 18 14"
      role="img"
      aria-label={label}
      data-testid="quality"
      data-level={quality.level}
    >
      {[1, 2, 3].map((bar) => (
        <rect
          key={bar}
          x={(bar - 1) * 6.5}
          y={14 - bar * 4.5}
          width="4.5"
          height={bar * 4.5}
          rx="1"
          className={bar <= BARS[quality.level] ? 'lit' : ''}
        />
      ))}
    </svg>
  );
}
