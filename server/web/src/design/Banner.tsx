import { type ReactNode, useRef } from 'react';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import { useText } from '../i18n/I18n.js';
import { IconButton } from './Button.js';
import { CloseIcon, InfoIcon, WarningIcon } from './icons.js';

/** Of the title of a page with banners: it takes the focus over from a button of a banner that goes. */
export const TITLE_ID = 'title';

/** Something that people have to know. `urgent` interrupts a screen reader; the others wait until it is silent. */
export function Banner(props: {
  tone: 'good' | 'warn' | 'bad';
  urgent?: boolean;
  /** Whether a screen reader says it by itself; false where another place of the page does. Default true. */
  announced?: boolean;
  testId?: string;
  /** Of an error, in `data-code`. */
  code?: string;
  action?: ReactNode;
  onDismiss?: () => void;
  children: ReactNode;
}) {
  const { tone, urgent = false, announced = true, testId, code, action, onDismiss, children } = props;
  const { text } = useText();
  const banner = useRef<HTMLDivElement>(null);
  useFocusHeir({ element: banner, heirId: TITLE_ID });
  return (
    <div className={`banner ${tone}`} ref={banner}>
      {tone === 'good' ? <InfoIcon /> : <WarningIcon />}
      <p role={announced ? (urgent ? 'alert' : 'status') : undefined} data-testid={testId} data-code={code}>
        {children}
      </p>
      {action}
      {onDismiss === undefined ? null : (
        <IconButton tone="ghost" label={text.common.dismiss} icon={<CloseIcon />} onClick={onDismiss} />
      )}
    </div>
  );
}
