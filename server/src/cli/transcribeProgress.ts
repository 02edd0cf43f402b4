import pc from 'picocolors';
import type { FileTranscript } from './transcribeFile.js';

export interface TranscribeProgress {
  update(step: { name: string; doneMs: number; durationMs: number | undefined }): void;
  /** The file is over. */
  done(result: { name: string } & FileTranscript): void;
  /** Ends an open line. */
  end(): void;
}

const BAR_WIDTH = 24;

/** Progress of files: a bar on a terminal, otherwise a line every ten percent. */
export function createTranscribeProgress(
  stream: { write(text: string): unknown; isTTY?: boolean | undefined },
  now: () => number = () => performance.now(),
): TranscribeProgress {
  const started = new Map<string, number>();
  const tenths = new Map<string, number>();
  let open = false;
  const end = () => {
    if (open) stream.write('\r\u001b[2K');
    open = false;
  };
  return {
    update({ name, doneMs, durationMs }) {
      const startedAtMs = started.get(name) ?? now();
      started.set(name, startedAtMs);
      const share = durationMs === undefined || durationMs === 0 ? undefined : Math.min(1, doneMs / durationMs);
      if (stream.isTTY === true) {
        open = true;
        const filled = Math.round((share ?? 0) * BAR_WIDTH);
        const bar =
          share === undefined ? '' : `${pc.cyan('█'.repeat(filled))}${pc.dim('░'.repeat(BAR_WIDTH - filled))} `;
        stream.write(
          `\r\u001b[2K  ${bar}${name}  ${clock(doneMs)}${durationMs === undefined ? '' : ` of ${clock(durationMs)}`}`,
        );
        return;
      }
      const tenth = Math.floor((share ?? 0) * 10);
      if (tenth === 0 || tenth === 10 || tenth === tenths.get(name)) return;
      tenths.set(name, tenth);
      stream.write(`  ${name}  ${tenth * 10} %\n`);
    },
    done({ name, durationMs, segments, problem }) {
      end();
      const tookMs = now() - (started.get(name) ?? now());
      if (problem !== undefined) {
        stream.write(`${pc.red('✗')} ${problem}\n`);
        if (durationMs === 0) return;
      }
      const gaps = segments.filter(({ status }) => status === 'gap').length;
      const speed = tookMs > 0 ? `, ${(durationMs / tookMs).toFixed(1)} times real time` : '';
      const lost = gaps === 0 ? '' : `, ${pc.yellow(`${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`)}`;
      stream.write(`${problem === undefined ? pc.green('✓') : ' '} ${name}  ${clock(durationMs)}${speed}${lost}\n`);
    },
    end,
  };
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
