import { type ReactNode, useState } from 'react';
import { Button } from './Button.js';
import { CheckIcon } from './icons.js';

const SHOW_COPIED_MS = 2_500;

/** Copies a text, and says so for a moment. */
export function CopyButton(props: {
  label: string;
  copied: string;
  icon: ReactNode;
  testId: string;
  className?: string;
  /** Called when the button is pressed. */
  textOf: () => string;
}) {
  const { label, copied, icon, testId, className, textOf } = props;
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(textOf());
    setDone(true);
    setTimeout(() => setDone(false), SHOW_COPIED_MS);
  };
  const shown = done ? copied : label;
  return (
    <Button
      className={className}
      icon={done ? <CheckIcon /> : icon}
      data-testid={testId}
      aria-label={shown}
      onClick={() => void copy().catch(() => setDone(false))}
    >
      {shown}
    </Button>
  );
}
