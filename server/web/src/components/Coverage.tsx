import type { ParleyClient } from '@parley/client-sdk';
import { useLedgers } from '../hooks/useClient.js';
import { coverageOf, coverageText } from '../text.js';

/** Nothing is lost silently: the share of speech that has become text. */
export function Coverage({ client }: { client: ParleyClient }) {
  const coverage = coverageOf(useLedgers(client));
  return (
    <p className={coverage === undefined || coverage === 1 ? 'small' : 'small bad-ink'} data-testid="coverage">
      {coverageText(coverage)}
    </p>
  );
}
