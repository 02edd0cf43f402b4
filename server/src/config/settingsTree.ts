import { speechSettingsSchema } from '@parley/media/settings';
import { z } from 'zod';
import { type ServerSettingMeta, settingsSchema } from './settings.js';

/** A single value of the settings tree. */
export interface SettingLeaf {
  /** e.g. `['tls', 'certFile']` */
  path: string[];
  /** e.g. `--tls-cert-file`. Of a secret, a flag that takes a file with it, e.g. `--join-secret-file`: other accounts can read arguments. */
  flag: string;
  /** e.g. `PARLEY_TLS_CERT_FILE` */
  variable: string;
  /** Of a secret, a variable with the path of a file that holds it, e.g. `PARLEY_JOIN_SECRET_FILE`. */
  fileVariable?: string;
  /** A `map` can only be set in the file. */
  type: 'string' | 'number' | 'boolean' | 'list' | 'map';
  /** Values of a closed set; for a list, the allowed entries. */
  choices?: string[];
  range: SettingRange;
  default?: unknown;
  meta: ServerSettingMeta;
}

/** Limits of a value, as far as they are numbers. */
export interface SettingRange {
  integer?: boolean;
  min?: number;
  max?: number;
  /** Characters in a text. */
  minLength?: number;
  /** Characters in a text, or in one entry of a list. */
  maxLength?: number;
  /** Entries in a list. */
  maxItems?: number;
}

/** All values of the schema in order. Flags, variables, `--help` and the docs are generated from this list, so that none is missing. */
export function settingLeaves(): SettingLeaf[] {
  // Overrides of speech settings have no defaults of their own; the schema's are shown.
  const speech = new Map(Object.entries(speechSettingsSchema.parse({})));
  return collect(settingsSchema, []).map((leaf) => {
    const [group, key] = leaf.path;
    const value = group === 'speech' && key !== undefined ? speech.get(key) : undefined;
    return value === undefined ? leaf : { ...leaf, default: value };
  });
}

function collect(schema: z.ZodType, path: string[]): SettingLeaf[] {
  const { inner, meta, defaultValue } = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, child]) => collect(child as z.ZodType, [...path, key]));
  }
  const words = path.map((key) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join('-');
  const variable = `PARLEY_${words.replaceAll('-', '_').toUpperCase()}`;
  return [
    {
      path,
      flag: meta?.secret === true ? `--${words}-file` : `--${words}`,
      variable,
      ...(meta?.secret === true ? { fileVariable: `${variable}_FILE` } : {}),
      type: typeOf(inner),
      ...choicesOf(inner),
      range: rangeOf(inner),
      ...(defaultValue === undefined ? {} : { default: defaultValue }),
      meta: meta ?? { description: '', class: 'restart' },
    },
  ];
}

/** Unwraps `.default()`, `.optional()` and the like, and keeps their information. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; meta: ServerSettingMeta | undefined; defaultValue: unknown } {
  let inner = schema;
  let meta: ServerSettingMeta | undefined;
  let defaultValue: unknown;
  for (;;) {
    meta ??= inner.meta() as ServerSettingMeta | undefined;
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      defaultValue ??= inner.def.defaultValue;
      inner = inner.def.innerType as z.ZodType;
    } else if (inner instanceof z.ZodOptional) {
      inner = inner.def.innerType as z.ZodType;
    } else {
      return { inner, meta, defaultValue };
    }
  }
}

function choicesOf(schema: z.ZodType): Pick<SettingLeaf, 'choices'> {
  const each = schema instanceof z.ZodArray ? schema.element : schema;
  return each instanceof z.ZodEnum ? { choices: each.options.map(String) } : {};
}

/** The schema's limits, without those that only describe a safe integer. */
function rangeOf(schema: z.ZodType): SettingRange {
  if (schema instanceof z.ZodRecord) return {};
  const json = z.toJSONSchema(schema, { io: 'input' });
  const items = typeof json.items === 'object' && !Array.isArray(json.items) ? json.items : undefined;
  const maxLength = json.maxLength ?? items?.maxLength;
  const bound = (value: number | undefined) =>
    Number.isSafeInteger(value) && Math.abs(value as number) === Number.MAX_SAFE_INTEGER ? undefined : value;
  const [min, max] = [bound(json.minimum), bound(json.maximum)];
  return {
    ...(json.type === 'integer' ? { integer: true } : {}),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    // A minimum length of 1 is not worth mentioning.
    ...(json.minLength === undefined || json.minLength <= 1 ? {} : { minLength: json.minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(json.maxItems === undefined ? {} : { maxItems: json.maxItems }),
  };
}

function typeOf(schema: z.ZodType): SettingLeaf['type'] {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodRecord) return 'map';
  return 'string';
}
