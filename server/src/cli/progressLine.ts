import type { ModelStoreOptions } from '@parley/media';
import pc from 'picocolors';

type ModelProgress = Parameters<NonNullable<ModelStoreOptions['onProgress']>>[0];

export interface ProgressLine {
  update(step: ModelProgress): void;
  /** The next thing that is written begins a line of its own. */
  end(): void;
}

/** One line that tells how far a download is; rewritten in place on a terminal, every tenth otherwise. */
export function createProgressLine(stream: {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}): ProgressLine {
  let lastTenth = -1;
  let open = false;
  return {
    update({ name, receivedBytes, totalBytes }) {
      const fraction = totalBytes === undefined || totalBytes === 0 ? undefined : receivedBytes / totalBytes;
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
      const text = `model ${name}: ${megabytes(receivedBytes)}${totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`}`;
      if (stream.isTTY === true) {
        open = true;
        stream.write(
          `\r\u001b[2K  ${pc.cyan('↓')} ${text}${fraction === undefined ? '' : `  ${Math.round(fraction * 100)} %`}`,
        );
      } else if (fraction !== undefined && Math.floor(fraction * 10) !== lastTenth) {
        lastTenth = Math.floor(fraction * 10);
        stream.write(`  ${text}\n`);
      }
    },
    end() {
      if (open) stream.write('\n');
      open = false;
    },
  };
}
