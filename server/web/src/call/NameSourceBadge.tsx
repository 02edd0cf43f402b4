import type { Participant, Segment } from '@parley/client-sdk';
import { VerifiedIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';

/** How the server knows a name. Empty for a guest among guests, where it would say nothing. */
export function NameSourceBadge(props: {
  named: Pick<Participant, 'accountName' | 'nameSource'> | Pick<Segment, 'nameSource'>;
  /** Whether some people in the room are not guests. Default false. */
  mixed?: boolean;
}) {
  const { named, mixed = false } = props;
  const { call } = useText().text;
  const { nameSource } = named;
  if (nameSource === undefined) return null;
  if (nameSource === 'guest') return mixed ? <span className="soft">({call.guest})</span> : null;
  const account = 'accountName' in named ? named.accountName : undefined;
  const meaning = nameSource === 'vouched' ? call.vouched : call.signedIn(account);
  return (
    <span className="verified" title={meaning} data-testid="verified">
      <VerifiedIcon />
      <span className="visually-hidden">{meaning}</span>
    </span>
  );
}
