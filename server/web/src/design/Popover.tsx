import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { placeBeside } from './placeBeside.js';

/** What a trigger has to put on its button. */
export interface TriggerProps {
  popoverTarget: string;
  'aria-expanded': boolean;
  'aria-haspopup': 'dialog';
}

/**
 * A few controls beside the button that calls them up, over everything else. The browser closes it on Escape and on a click
 * anywhere else, and gives the focus back.
 */
export function Popover(props: {
  label: string;
  trigger: (props: TriggerProps) => ReactNode;
  /** Called to draw the content, while it is open. `close` is for buttons that end it. */
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
