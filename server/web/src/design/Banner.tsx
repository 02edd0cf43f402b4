import { type ReactNode, useRef } from 'react';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import { useText } from '../i18n/I18n.js';
import { IconButton } from './Button.js';
import { CloseIcon, InfoIcon, WarningIcon } from './icons.js';

/** Id of the title of a page with banners; it receives the focus when a banner with the focused button disappears. */
export const TITLE_ID = 'title';

/** A notice. `urgent` interrupts a screen reader; the others wait until it is silent. */
export function Banner(props: {
  tone: 'good' | 'warn' | 'bad';
  urgent?: boolean;
  /** Whether screen readers announce it by itself; false if another place of the page does. Default true. */
  announced?: boolean;
  testId?: string;
  /** Code of an error, in `data-code`. */
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
