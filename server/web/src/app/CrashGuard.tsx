import { Component, type ReactNode } from 'react';
import { Button } from '../design/Button.js';
import { useText } from '../i18n/I18n.js';

/** After an error in the page's code, shows a way back instead of an empty page. React only supports classes for this. */
export class CrashGuard extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}

function Crashed() {
  const { text } = useText();
  return (
    <main className="plain-page" role="alert">
      <h1>{text.common.crashTitle}</h1>
      <p className="soft">{text.common.crashText}</p>
      <Button tone="primary" onClick={() => location.reload()}>
        {text.common.reload}
      </Button>
    </main>
  );
}
