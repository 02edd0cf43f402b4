import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { PackageSet, RegistryPackage } from '../../../../settings/packageCatalogue.js';
import { floatToHalf } from '../half.js';

const WIDTH = 64;
const VOCABULARY = 51_864;
const WORDS = ['!', 'Ġ', 'Ġthe', '<|endoftext|>'];

/** The weights of a Whisper of one layer, as CTranslate2 keeps them: each tensor counts up in small steps. */
export function tinyWhisper(): Buffer {
  const tensors: [string, number[]][] = [
    ['decoder/embeddings/weight', [VOCABULARY, WIDTH]],
    ['decoder/position_encodings/encodings', [448, WIDTH]],
    ['encoder/position_encodings/encodings', [1_500, WIDTH]],
    ...pair('encoder/conv1', [WIDTH, 80, 3]),
    ...pair('encoder/conv2', [WIDTH, WIDTH, 3]),
    ...norm('encoder/layer_norm'),
    ...norm('decoder/layer_norm'),
    ...(['encoder', 'decoder'] as const).flatMap((side): [string, number[]][] => [
      ...norm(`${side}/layer_0/ffn/layer_norm`),
      ...pair(`${side}/layer_0/ffn/linear_0`, [4 * WIDTH, WIDTH]),
      ...pair(`${side}/layer_0/ffn/linear_1`, [WIDTH, 4 * WIDTH]),
      ...norm(`${side}/layer_0/self_attention/layer_norm`),
      ...pair(`${side}/layer_0/self_attention/linear_0`, [3 * WIDTH, WIDTH]),
      ...pair(`${side}/layer_0/self_attention/linear_1`, [WIDTH, WIDTH]),
    ]),
    ...norm('decoder/layer_0/attention/layer_norm'),
    ...pair('decoder/layer_0/attention/linear_0', [WIDTH, WIDTH]),
    ...pair('decoder/layer_0/attention/linear_1', [2 * WIDTH, WIDTH]),
    ...pair('decoder/layer_0/attention/linear_2', [WIDTH, WIDTH]),
  ];
  return Buffer.concat([
    uint32(6),
    text('WhisperSpec'),
    uint32(3),
    uint32(tensors.length + 1),
    ...tensors.flatMap(([name, shape]) => variable(name, shape)),
    // Not all of its variables are weights.
    Buffer.concat([text('encoder/num_heads'), Buffer.from([0, 2]), uint32(2), Buffer.from([1, 0])]),
    uint32(0),
  ]);
}

function pair(name: string, shape: number[]): [string, number[]][] {
  return [
    [`${name}/weight`, shape],
    [`${name}/bias`, shape.slice(0, 1)],
  ];
}

function norm(name: string): [string, number[]][] {
  return [
    [`${name}/gamma`, [WIDTH]],
    [`${name}/beta`, [WIDTH]],
  ];
}

function variable(name: string, shape: number[]): Buffer[] {
  const halves = Uint16Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) =>
    floatToHalf(((index % 97) - 48) / 64),
  );
  const data = Buffer.from(halves.buffer);
  return [text(name), Buffer.from([shape.length]), ...shape.map(uint32), Buffer.from([4]), uint32(data.length), data];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(`${value}\0`);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export async function zipOf(members: Record<string, Buffer | string>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(members)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return await buffer(zip.outputStream);
}

/** A wheel as a registry would describe it. */
export function packageOf(name: string, wheel: Buffer): RegistryPackage {
  return {
    name,
    version: '1.0.0',
    wheel: `${name.replaceAll('-', '_')}-1.0.0-py3-none-any.whl`,
    bytes: wheel.length,
    sha256: createHash('sha256').update(wheel).digest('hex'),
  };
}

/**
 * The tiny model in two wheels, as if they had been fetched already.
 * @param options.model instead of it
 */
export async function writeTinySet(options: {
  directory: string;
  name?: string;
  model?: Buffer;
  words?: readonly string[];
  without?: 'model' | 'vocabulary';
}): Promise<PackageSet> {
  const { directory, name = 'tiny', model = tinyWhisper(), words = WORDS, without } = options;
  const cut = Math.floor(model.length / 2);
  const members: Record<string, Buffer | string>[] = [
    {
      ...(without === 'model' ? {} : { 'data/model.bin.part1': model.subarray(0, cut) }),
      ...(without === 'vocabulary' ? {} : { 'data/vocabulary.txt': `${words.join('\n')}\n` }),
    },
    { 'data/model.bin.part2': model.subarray(cut) },
  ];
  const packages: RegistryPackage[] = [];
  for (const [index, each] of members.entries()) {
    const wheel = await zipOf({ 'README.txt': name, ...each });
    const described = packageOf(`${name}-${index + 1}`, wheel);
    await writeFile(join(directory, described.wheel), wheel);
    packages.push(described);
  }
  const [first, second] = packages as [RegistryPackage, RegistryPackage];
  return {
    packages,
    model: [
      { package: first, member: 'data/model.bin.part1' },
      { package: second, member: 'data/model.bin.part2' },
    ],
    vocabulary: { package: first, member: 'data/vocabulary.txt', format: 'lines' },
  };
}

export async function sha1Of(path: string): Promise<string> {
  return createHash('sha1')
    .update(await readFile(path))
    .digest('hex');
}
