import type { ReactNode } from 'react';
import { useText } from '../i18n/I18n.js';
import { IconButton } from './Button.js';
import { CloseIcon, InfoIcon, WarningIcon } from './icons.js';

/** Something that people have to know. `urgent` interrupts a screen reader; the others wait until it is silent. */
export function Banner(props: {
  tone: 'good' | 'warn' | 'bad';
  urgent?: boolean;
  testId?: string;
  /** Of an error, in `data-code`. */
  code?: string;
  action?: ReactNode;
  onDismiss?: () => void;
  children: ReactNode;
}) {
  const { tone, urgent = false, testId, code, action, onDismiss, children } = props;
  const { text } = useText();
  return (
    <div className={`banner ${tone}`}>
      {tone === 'good' ? <InfoIcon /> : <WarningIcon />}
      <p role={urgent ? 'alert' : 'status'} data-testid={testId} data-code={code}>
        {children}
      </p>
      {action}
      {onDismiss === undefined ? null : (
        <IconButton tone="ghost" label={text.common.dismiss} icon={<CloseIcon />} onClick={onDismiss} />
      )}
    </div>
  );
}
