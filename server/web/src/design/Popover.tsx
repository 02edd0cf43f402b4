import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { placeBeside } from './placeBeside.js';

/** Attributes for the trigger's button. */
export interface TriggerProps {
  popoverTarget: string;
  'aria-expanded': boolean;
  'aria-haspopup': 'dialog';
}

/**
 * Controls next to the button that opens them, on top of everything else. The browser closes it on Escape and on a click outside, and
 * restores the focus.
 */
export function Popover(props: {
  label: string;
  trigger: (props: TriggerProps) => ReactNode;
  /** Renders the content while it is open. `close` is for buttons inside. */
  children: (close: () => void) => ReactNode;
}) {
  const { label, trigger, children } = props;
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const anchor = useRef<HTMLSpanElement>(null);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    if (!open) return;
    const place = () => {
      if (panel.current !== null && anchor.current !== null)
        placeBeside({ panel: panel.current, anchor: anchor.current });
    };
    const frame = requestAnimationFrame(place);
    addEventListener('resize', place);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('resize', place);
    };
  }, [open]);

  return (
    <>
      <span className="popover-anchor" ref={anchor}>
        {trigger({ popoverTarget: id, 'aria-expanded': open, 'aria-haspopup': 'dialog' })}
      </span>
      <div
        ref={panel}
        id={id}
        className="popover"
        popover="auto"
        role="dialog"
        aria-label={label}
        onBeforeToggle={(event) => setOpen(event.newState === 'open')}
      >
        {open ? <div>{children(() => panel.current?.hidePopover())}</div> : null}
      </div>
    </>
  );
}
