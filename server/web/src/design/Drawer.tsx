import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useText } from '../i18n/I18n.js';
import { IconButton } from './Button.js';
import { CloseIcon } from './icons.js';

/** A dialog at the side of the page. The browser keeps the focus inside it and closes it on Escape. */
export function Drawer(props: { title: string; testId?: string; onClose: () => void; children: ReactNode }) {
  const { title, testId, onClose, children } = props;
  const { text } = useText();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const element = dialog.current;
    if (element?.open === false) element.showModal();
    // A click outside hits the dialog itself; its content is in a child element.
    const onClick = (event: MouseEvent) => {
      if (event.target === element) element?.close();
    };
    element?.addEventListener('click', onClick);
    return () => element?.removeEventListener('click', onClick);
  }, []);

  return (
    <dialog ref={dialog} className="drawer" aria-labelledby={titleId} data-testid={testId} onClose={onClose}>
      <div>
        <div className="drawer-title">
          <h2 id={titleId}>{title}</h2>
          <IconButton
            tone="ghost"
            label={text.common.close}
            icon={<CloseIcon />}
            data-testid="close-button"
            onClick={() => dialog.current?.close()}
          />
        </div>
        <div className="drawer-body">{children}</div>
      </div>
    </dialog>
  );
}
