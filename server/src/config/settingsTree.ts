import { type SettingMeta, speechSettingsSchema } from '@parley/media';
import { z } from 'zod';
import { settingsSchema } from './settings.js';

/** A single value of the settings tree. */
export interface SettingLeaf {
  /** e.g. `['tls', 'certFile']` */
  path: string[];
  /** e.g. `--tls-cert-file` */
  flag: string;
  /** e.g. `PARLEY_TLS_CERT_FILE` */
  variable: string;
  type: 'string' | 'number' | 'boolean' | 'list';
  /** Values of a closed set. */
  choices?: string[];
  default?: unknown;
  meta: SettingMeta;
}

/** All values of the schema in its order. Flags, variables, `--help` and the docs come from here, so none can be forgotten. */
export function settingLeaves(): SettingLeaf[] {
  // Overrides of speech settings have no defaults of their own; what people see is the schema's.
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
  return [
    {
      path,
      flag: `--${words}`,
      variable: `PARLEY_${words.replaceAll('-', '_').toUpperCase()}`,
      type: typeOf(inner),
      ...(inner instanceof z.ZodEnum ? { choices: inner.options.map(String) } : {}),
      ...(defaultValue === undefined ? {} : { default: defaultValue }),
      meta: meta ?? { description: '', class: 'restart' },
    },
  ];
}

/** Takes `.default()`, `.optional()` and the like off, keeping what they say. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; meta: SettingMeta | undefined; defaultValue: unknown } {
  let inner = schema;
  let meta: SettingMeta | undefined;
  let defaultValue: unknown;
  for (;;) {
    meta ??= inner.meta() as SettingMeta | undefined;
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

function typeOf(schema: z.ZodType): SettingLeaf['type'] {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodArray) return 'list';
  return 'string';
}
