import type { ListedModel, ModelSource } from '@parley/media/node';
import pc from 'picocolors';

const SOURCES: Record<ModelSource, string> = {
  builtIn: 'bundled with Parley',
  download: 'the published file, downloaded',
  packages: 'rebuilt from registry packages; its checksum matches the publisher’s',
  file: 'your own file',
  address: 'from your own address',
};

/** The source of a model file, for a line about it. */
export function sourceText(source: ModelSource): string {
  return SOURCES[source];
}

/** Output of `parley models list`: the installed models, then the available ones, then the legend. */
export function modelsListText(models: readonly ListedModel[], wakeWords: readonly string[]): string {
  const licences = new Set(
    models.filter(({ builtIn, synthetic }) => !builtIn && !synthetic).map(({ licence }) => licence),
  );
  return [
    `Whisper models ${pc.dim(`(weights by OpenAI, ${[...licences].join(', ')} licence)`)}`,
    ...models.map(lineOf),
    ...wakeWords,
    pc.dim('● on this machine   ○ can be downloaded   ◐ can also be rebuilt from registry packages'),
    '',
  ].join('\n');
}

function lineOf(model: ListedModel): string {
  const { name, megabytes, present, builtIn, synthetic, multilingual, packaged, source, from } = model;
  const mark = present ? pc.green('●') : packaged ? '◐' : pc.dim('○');
  const origin =
    source === undefined || builtIn ? '' : ` ${sourceText(source)}${from === undefined ? '' : ` (${from})`}`;
  return [
    mark,
    name.padEnd(24),
    (megabytes === undefined ? '' : `${Math.round(megabytes)} MB`).padStart(9),
    multilingual ? '' : pc.dim(' English only'),
    builtIn
      ? pc.yellow(' built-in demo model, only synthetic voices')
      : synthetic
        ? pc.yellow(' random weights, knows no words')
        : pc.dim(origin),
  ]
    .join(' ')
    .trimEnd();
}

/** Message after a model was installed or found. @param options.fetched whether it was downloaded just now */
export function pulledText(
  { path, source, from }: { path: string; source: ModelSource; from?: string },
  options: { name: string; fetched: boolean },
): string {
  const origin = `${sourceText(source)}${from === undefined ? '' : ` (${from})`}`;
  return options.fetched
    ? `${pc.green('✓')} ${options.name}, ${origin}, is at ${path}\n`
    : `${pc.green('✓')} ${options.name} is already here, ${origin}: ${path}\n`;
}
