import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Colors } from 'picocolors/types.js';
import { findChromium } from './browser/findChromium.js';
import { DemoError } from './DemoError.js';
import { choiceSentence, chooseMeeting, meetingNamed, mismatchWarning } from './meeting/chooseMeeting.js';
import { loadMeeting } from './meeting/loadMeeting.js';
import { modelOfServer } from './modelOfServer.js';
import { type DemoArguments, parseArguments, USAGE } from './parseArguments.js';
import { type PlayEvent, playMeeting } from './playMeeting.js';
import { judgeScore, requirementsOf } from './scoring/judgeScore.js';
import { scoreMeeting } from './scoring/scoreMeeting.js';
import { type OwnServer, startOwnServer } from './startOwnServer.js';
import { formatScore } from './terminal/formatScore.js';
import { LiveCaptions } from './terminal/LiveCaptions.js';
import type { Output } from './terminal/Output.js';

/** A delay above this is mentioned, although the latencies are corrected for it. */
const LAG_WORTH_A_WORD_MS = 100;
const INTERRUPTED = 130;
/** After Ctrl-C while a server starts: time for it to be ready and closed. A download is left where it is. */
const START_GRACE_MS = 3_000;

export interface DemoIo {
  output: Output;
  errors: Output;
  colors: Colors;
  env: NodeJS.ProcessEnv;
}

/**
 * The demo from its arguments to its exit code. Everything it started has ended when it returns.
 *
 * @param options.signal Ctrl-C: ends the meeting, or the wait of `--keep`
 */
export async function runDemo(options: { args: readonly string[]; io: DemoIo; signal: AbortSignal }): Promise<number> {
  const { io, signal } = options;
  try {
    const args = parseArguments(options.args, process.env);
    if (args.help) {
      io.output.write(USAGE);
      return 0;
    }
    return await playAndScore({ args, io, signal });
  } catch (error) {
    if (signal.aborted) {
      io.errors.write('Stopped.\n');
      return INTERRUPTED;
    }
    if (!(error instanceof DemoError)) throw error;
    io.errors.write(`${io.colors.red(error.message)}\n`);
    return 1;
  }
}

async function playAndScore({ args, io, signal }: { args: DemoArguments; io: DemoIo; signal: AbortSignal }) {
  // Local mistakes are found before anything is started.
  if (args.meeting !== undefined) await loadMeeting(meetingNamed(args.meeting).directory);
  await findChromium({ env: io.env });

  const captions = new LiveCaptions({ output: io.output, colors: io.colors });
  const say = (line: string) => captions.print(line);
  if (args.serverUrl === undefined) say('Starting a server ...');
  const server = args.serverUrl === undefined ? await startOwn({ args, io, signal }) : undefined;
  try {
    signal.throwIfAborted();
    const serverUrl = server?.url ?? args.serverUrl ?? '';
    const model = server?.model ?? (await modelOfServer(serverUrl));
    const chosen = chooseMeeting({ asked: args.meeting, model });
    const meeting = { ...(await loadMeeting(chosen.directory)), name: chosen.name };
    say(choiceSentence({ asked: args.meeting, model, meeting: chosen }));
    for (const warning of [server?.notice, mismatchWarning({ model, meeting: chosen })]) {
      if (warning !== undefined) say(io.colors.yellow(warning));
    }
    const room = `demo-${randomBytes(4).toString('hex')}`;
    say(`Playing ${Math.round(meeting.durationMs / 1_000)} s in room ${room} on ${serverUrl}`);
    const recording = await playMeeting({
      serverUrl,
      meetingDir: chosen.directory,
      room,
      signal,
      onEvent: (event) => show(event, captions),
      ...(args.joinSecret === undefined ? {} : { joinSecret: args.joinSecret }),
    });
    captions.clear();
    const lagMs = Math.max(0, ...recording.speakers.flatMap(({ lag }) => lag.map((stretch) => stretch.lagMs)));
    if (lagMs > LAG_WORTH_A_WORD_MS) {
      say(
        io.colors.yellow(
          `This machine is busy: the browser fell up to ${Math.round(lagMs)} ms behind while it played.`,
        ),
      );
    }
    const score = scoreMeeting(meeting, recording);
    const requirements = requirementsOf(model);
    say('');
    for (const line of formatScore(score, { colors: io.colors, requirements })) say(line);
    if (args.jsonFile !== undefined) await writeScore(args.jsonFile, { model: model.name, ...score });
    if (args.keep && server !== undefined) {
      say(`\nThe server keeps running at ${server.url} until you press Ctrl-C.`);
      await aborted(signal);
    }
    return judgeScore(score, requirements).length === 0 ? 0 : 1;
  } finally {
    captions.clear();
    await server?.close();
  }
}

async function startOwn(options: { args: DemoArguments; io: DemoIo; signal: AbortSignal }): Promise<OwnServer> {
  const { args, io, signal } = options;
  const giveUp = new AbortController();
  const started = startOwnServer({ model: args.model, progress: io.errors, signal });
  const abandoned = aborted(signal)
    .then(() => delay(START_GRACE_MS, undefined, { signal: giveUp.signal }))
    .then(() => signal.throwIfAborted());
  try {
    return await Promise.race([started, abandoned.then(() => started)]);
  } finally {
    giveUp.abort();
    abandoned.catch(() => undefined);
  }
}

function show(event: PlayEvent, captions: LiveCaptions): void {
  if (event.kind === 'joined') captions.print(`${event.name} joined.`);
  else if (event.kind === 'started') captions.print('They talk:\n');
  else if (event.kind === 'updated') captions.update(event.segment);
  else if (event.kind === 'retracted') captions.retract(event.segmentId);
}

async function writeScore(file: string, score: unknown): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(score, null, 2)}\n`);
  } catch (error) {
    throw new DemoError(`The score cannot be written to ${file}.`, { cause: error });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
