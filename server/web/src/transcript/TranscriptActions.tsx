import { type ParleyClient, type Segment, toPlainText, toSrt, toVtt } from '@parley/client-sdk';
import { useState } from 'react';
import { Button, IconButton } from '../design/Button.js';
import { CheckIcon, CopyIcon, MoreIcon, SaveIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useText } from '../i18n/I18n.js';
import { gapText } from './gapText.js';

const FORMATS = [
  { name: 'TXT', type: 'text/plain', write: toPlainText },
  { name: 'VTT', type: 'text/vtt', write: toVtt },
  { name: 'SRT', type: 'application/x-subrip', write: toSrt },
] as const;

const SHOW_COPIED_MS = 2_000;

/** Copies the shown entries to the clipboard or, with the right to do so, saves them to a file. */
export function TranscriptActions({ client, rows }: { client: ParleyClient; rows: readonly Segment[] }) {
  const { text } = useText();
  const { transcript } = text;
  const [copied, setCopied] = useState(false);
  const gaps = {
    gapText: (segment: Pick<Segment, 'startMs' | 'endMs' | 'reason'>) => `[${gapText(segment, transcript)}]`,
  };

  const copy = async () => {
    await navigator.clipboard.writeText(toPlainText(rows, gaps));
    setCopied(true);
    setTimeout(() => setCopied(false), SHOW_COPIED_MS);
  };

  return (
    <Popover
      label={transcript.actions}
      trigger={(trigger) => (
        <IconButton
          tone="ghost"
          label={transcript.actions}
          icon={copied ? <CheckIcon /> : <MoreIcon />}
          data-testid="transcript-actions"
          {...trigger}
        />
      )}
    >
      {(close) => (
        <>
          <Button
            tone="ghost"
            icon={copied ? <CheckIcon /> : <CopyIcon />}
            data-testid="copy-button"
            onClick={() => void copy().catch(() => setCopied(false))}
          >
            {copied ? text.common.copied : transcript.copy}
          </Button>
          {client.grants.includes('export')
            ? FORMATS.map(({ name, type, write }) => (
                <Button
                  key={name}
                  tone="ghost"
                  icon={<SaveIcon />}
                  data-testid={`save-${name.toLowerCase()}`}
                  onClick={() => {
                    close();
                    save({ name: `transcript.${name.toLowerCase()}`, type, content: write(rows, gaps) });
                  }}
                >
                  {transcript.save(name)}
                </Button>
              ))
            : null}
        </>
      )}
    </Popover>
  );
}

function save({ name, type, content }: { name: string; type: string; content: string }): void {
  const url = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
