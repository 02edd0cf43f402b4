import type { ModelStoreOptions } from '@parley/media';
import pc from 'picocolors';

type ModelProgress = Parameters<NonNullable<ModelStoreOptions['onProgress']>>[0];

/** One line that tells how far a download is; rewritten in place on a terminal, every tenth otherwise. */
export function createProgressLine(stream: NodeJS.WriteStream): { update(step: ModelProgress): void; end(): void } {
  let lastTenth = -1;
  let open = false;
  return {
    update({ name, receivedBytes, totalBytes }) {
      const fraction = totalBytes === undefined || totalBytes === 0 ? undefined : receivedBytes / totalBytes;
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
      const text = `model ${name}: ${megabytes(receivedBytes)}${totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`}`;
      if (stream.isTTY) {
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
