import type { ModelProgress } from '@parley/media/node';
import pc from 'picocolors';

const PHASES: Record<ModelProgress['phase'], string> = {
  download: 'downloading',
  packages: 'fetching packages',
  rebuild: 'rebuilding from packages',
  waiting: 'waiting for another process that is downloading it',
  synth: 'writing random weights',
};

export interface ProgressLine {
  update(step: ModelProgress): void;
  /** Ends the line, so that further output starts on a new one. */
  end(): void;
}

/** Progress of a download in one line: rewritten in place on a terminal, otherwise printed every ten percent. */
export function createProgressLine(stream: {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}): ProgressLine {
  let last = '';
  let open = false;
  return {
    update(step) {
      const text = textOf(step);
      if (stream.isTTY === true) {
        open = true;
        const percent = step.fraction === undefined ? '' : `  ${Math.round(step.fraction * 100)} %`;
        stream.write(`\r\u001b[2K  ${pc.cyan('↓')} ${text}${percent}`);
        return;
      }
      if (step.fraction === undefined && step.phase !== 'waiting') return;
      const tenth = Math.floor((step.fraction ?? 0) * 10);
      const told = `${step.name} ${step.phase} ${tenth}`;
      if (told === last) return;
      last = told;
      stream.write(`  ${text}${step.phase === 'download' || step.phase === 'waiting' ? '' : ` ${tenth * 10} %`}\n`);
    },
    end() {
      if (open) stream.write('\n');
      open = false;
    },
  };
}

function textOf({ name, phase, receivedBytes, totalBytes }: ModelProgress): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const amount = receivedBytes === undefined ? '' : megabytes(receivedBytes);
  const of = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
  return `${name}: ${PHASES[phase]}${amount === '' ? '' : `, ${amount}`}${of}`;
}
