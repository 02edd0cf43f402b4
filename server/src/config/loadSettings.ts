import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { distance } from 'fastest-levenshtein';
import { parse as parseYaml } from 'yaml';
import { accessProblemsOf, keyAccessProblemsOf, secretIn } from './secrets.js';
import { type Settings, settingsSchema } from './settings.js';
import { type SettingLeaf, settingLeaves } from './settingsTree.js';
import { contradictionsOf, deploymentProblems } from './speechSettings.js';
import { wakeWordProblems } from './wakeWordSettings.js';

/** Environment variables with our prefix that are not settings: they belong to the set-up, the tests and the examples. */
const OTHER_VARIABLES = new Set([
  'PARLEY_CACHE',
  'PARLEY_DATA',
  'PARLEY_CONFIG',
  'PARLEY_MEDIASOUP_WORKER',
  'PARLEY_MEDIASOUP_PREBUILT_URL',
  'PARLEY_MEDIASOUP_PREBUILT_SHA256',
  'PARLEY_MODEL_BASE_URL',
  'PARLEY_NATIVE_DIR',
  'PARLEY_CHROMIUM',
  'PARLEY_FIREFOX',
  'PARLEY_URL',
  'PARLEY_NODE_TRIED',
  'PARLEY_YES',
  'PARLEY_CUDA_ARCHITECTURES',
  'PARLEY_CONTRACT_URL',
  'PARLEY_CONTRACT_SECRET',
  'PARLEY_CONTRACT_TOKENS',
  'PARLEY_REQUIRE_KEYCLOAK',
  'PARLEY_REQUIRE_MODEL',
  'PARLEY_REQUIRE_NGINX',
  'PARLEY_KEYCLOAK',
  'PARLEY_KEYCLOAK_SKIPPED',
  'PARLEY_NGINX',
  'PARLEY_NGINX_SKIPPED',
  'PARLEY_RUN_FOLDER',
]);

/** All problems of the settings at once, each as a sentence that names the place. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'SETTINGS_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The settings have ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

export interface LoadSettingsOptions {
  /** Path of a YAML file. */
  file?: string;
  environment?: Record<string, string | undefined>;
  /** Command-line flags of settings, e.g. `['--port', '8080', '--lan']`. */
  flags?: readonly string[];
}

type Tree = { [key: string]: unknown };

/** Reads file, then environment, then flags; later ones win. @throws SettingsError with all problems */
export function loadSettings(options: LoadSettingsOptions = {}): Settings {
  const problems: string[] = [];
  const leaves = settingLeaves();
  const tree: Tree = {};
  /** The source of a value, to name it in a problem. */
  const origins = new Map<string, string>();

  if (options.file !== undefined) {
    mergeFile({ file: options.file, tree, leaves, problems });
  }
  const put = (leaf: SettingLeaf, raw: string, origin: string) => {
    if (leaf.type === 'map') {
      problems.push(`${origin}: ${leaf.path.join('.')} can only be set in the settings file.`);
      return;
    }
    const value = convert(leaf, raw);
    if (value === undefined) {
      problems.push(`${origin}: "${raw}" is not a ${leaf.type}.`);
    } else {
      setPath(tree, { path: leaf.path, value });
      origins.set(leaf.path.join('.'), origin);
    }
  };
  const putFile = (leaf: SettingLeaf, file: string, origin: string) => {
    try {
      put(leaf, secretIn(file), origin);
    } catch (error) {
      problems.push(`${origin}: ${reasonOf(error)}.`);
    }
  };
  const environment = options.environment ?? {};
  for (const [variable, raw] of Object.entries(environment)) {
    if (!variable.startsWith('PARLEY_') || OTHER_VARIABLES.has(variable) || raw === undefined) continue;
    const leaf = leaves.find((candidate) => candidate.variable === variable || candidate.fileVariable === variable);
    if (leaf?.fileVariable === variable) {
      if (environment[leaf.variable] === undefined) putFile(leaf, raw, variable);
      else problems.push(`${leaf.variable} and ${variable} are the same secret: give one of them.`);
    } else if (leaf === undefined) {
      problems.push(
        `${variable} is not a setting.${suggest(
          variable,
          leaves.map((known) => known.variable),
        )}`,
      );
    } else {
      put(leaf, raw, variable);
    }
  }
  readFlags({
    flags: options.flags ?? [],
    leaves,
    problems,
    put: (leaf, raw, origin) => (leaf.meta.secret === true ? putFile : put)(leaf, raw, origin),
  });

  const parsed = settingsSchema.safeParse(tree);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) {
          const name = [...issue.path, key].join('.');
          problems.push(
            `${name} is not a setting.${suggest(
              name,
              leaves.map((leaf) => leaf.path.join('.')),
            )}`,
          );
        }
      } else {
        const name = issue.path.join('.');
        problems.push(`${origins.get(name) ?? name}: ${issue.message}.`);
      }
    }
    throw new SettingsError(problems);
  }
  problems.push(...contradictions(parsed.data));
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return parsed.data;
}

/** Checks that involve more than one value. */
function contradictions(settings: Settings): string[] {
  const problems: string[] = [];
  const { tls, keycloak, wakeWord } = settings;
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    problems.push('tls.certFile and tls.keyFile belong together: give both or none.');
  }
  if (tls.keyFile !== undefined) problems.push(...keyAccessProblemsOf({ name: 'tls.keyFile', file: tls.keyFile }));
  problems.push(...wakeWordProblems(wakeWord));
  for (const [name, file] of [
    ['tls.certFile', tls.certFile],
    ['tls.keyFile', tls.keyFile],
    ['keycloak.caFile', keycloak.caFile],
    ['wakeWord.melModel', wakeWord.melModel],
    ['wakeWord.embeddingModel', wakeWord.embeddingModel],
    ...wakeWord.classifierModels.map((path, index) => [`wakeWord.classifierModels.${index}`, path] as const),
  ] as const) {
    if (file !== undefined && !isFile(file)) problems.push(`${name}: there is no file at ${file}.`);
  }
  problems.push(...deploymentProblems(settings, contradictionsOf));
  const announced = settings.media.announcedAddress;
  if (
    announced !== undefined &&
    isIP(announced) === 0 &&
    !/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(announced)
  ) {
    problems.push(`media.announcedAddress: "${announced}" is neither an address nor a host name.`);
  }
  return problems;
}

function mergeFile(options: { file: string; tree: Tree; leaves: SettingLeaf[]; problems: string[] }): void {
  const { file, tree, leaves, problems } = options;
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    problems.push(`${file}: ${reasonOf(error)}`);
    return;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`${file}: a settings file must be a map of names and values.`);
    return;
  }
  problems.push(...accessProblemsOf({ file, content, leaves }));
  Object.assign(tree, content);
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message.split('\n')[0] : String(error);
}

function readFlags(options: {
  flags: readonly string[];
  leaves: SettingLeaf[];
  problems: string[];
  put: (leaf: SettingLeaf, raw: string, origin: string) => void;
}): void {
  const { flags, leaves, problems, put } = options;
  const known = new Map(leaves.map((leaf) => [leaf.flag, leaf]));
  const openSecrets = new Map(
    leaves.filter(({ meta }) => meta.secret).map((leaf) => [leaf.flag.replace(/-file$/, ''), leaf]),
  );
  const { tokens } = parseArgs({
    args: [...flags],
    options: Object.fromEntries([
      ...leaves.map(({ flag, type }) => [flag.slice(2), { type: type === 'boolean' ? 'boolean' : 'string' }] as const),
      // Otherwise their values would pass for arguments, and be shown.
      ...[...openSecrets.keys()].map((flag) => [flag.slice(2), { type: 'string' }] as const),
    ]),
    // All problems are reported at once, and not in Node's words.
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    const name = token.kind === 'option' ? token.rawName : (flags[token.index] ?? '');
    const value = token.kind === 'option' ? token.value : undefined;
    const leaf = known.get(name);
    const negated = name.startsWith('--no-') ? known.get(`--${name.slice(5)}`) : undefined;
    const secret = openSecrets.get(name);
    if (negated?.type === 'boolean' && value === undefined) put(negated, 'false', name);
    else if (secret !== undefined) {
      problems.push(
        `${name}: every account on this machine can read arguments. Use ${secret.flag} FILE, or the variable ${secret.variable}.`,
      );
    } else if (leaf === undefined) {
      problems.push(`${flags[token.index]} is not a flag.${suggest(name, [...known.keys()])}`);
    } else if (value === undefined && leaf.type === 'boolean') put(leaf, 'true', name);
    else if (value === undefined) problems.push(`${name} needs a value.`);
    else if (value.startsWith('--') && token.kind === 'option' && !token.inlineValue) {
      problems.push(`${name} needs a value.`);
      // The supposed value is the next flag.
      readFlags({ ...options, flags: flags.slice(token.index + 1) });
      return;
    } else put(leaf, value, name);
  }
}

function convert(leaf: SettingLeaf, raw: string): unknown {
  switch (leaf.type) {
    case 'number': {
      const value = Number(raw);
      return raw.trim() === '' || !Number.isFinite(value) ? undefined : value;
    }
    case 'boolean':
      return ({ true: true, '1': true, yes: true, false: false, '0': false, no: false } as Record<string, boolean>)[
        raw.toLowerCase()
      ];
    case 'list':
      return raw
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'string':
      return raw;
    case 'map':
      return undefined;
  }
}

function setPath(tree: Tree, { path, value }: { path: string[]; value: unknown }): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    const child = node[key];
    if (typeof child !== 'object' || child === null) {
      node[key] = {};
    }
    node = node[key] as Tree;
  }
  node[path.at(-1) ?? ''] = value;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The nearest known name, if it is close enough to be a typo. */
function suggest(name: string, known: readonly string[]): string {
  const lowerCase = name.toLowerCase();
  const distances = known.map((candidate) => distance(lowerCase, candidate.toLowerCase()));
  const least = Math.min(...distances);
  return least <= Math.max(2, name.length / 4) ? ` Did you mean ${known[distances.indexOf(least)]}?` : '';
}
