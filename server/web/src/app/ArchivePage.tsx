import { BrandMark } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';

/** Placeholder for past meetings, which come with recording. */
export function ArchivePage() {
  const { text } = useText();
  return (
    <main className="plain-page" data-testid="archive">
      <BrandMark />
      <h1>{text.common.archiveTitle}</h1>
      <p className="soft">{text.common.archiveText}</p>
      <a className="button" href="./">
        {text.common.backToStart}
      </a>
    </main>
  );
}
