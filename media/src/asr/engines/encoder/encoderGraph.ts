import type { ModelHeader, TensorValues } from '@parley/native';
import { ELEMENT, type ElementType, type OnnxGraph, type OnnxNode, type OnnxTensor } from './onnx.js';
import type { WeightFile, WeightValues } from './WeightFile.js';

/**
 * Whisper's encoder as an ONNX graph, from samples to the attention keys and values that the decoder reads:
 *
 *   samples [1, 1, 160 (2 n - 1) + 400]   n = frames of the window, 20 ms each
 *   keys    [layers of the decoder, n, width]   16-bit floats, scaled as whisper.cpp scales them
 *   values  [layers of the decoder, width, n]
 *
 * The two outputs lie in memory as whisper.cpp's cache of keys and values does without flash attention, so that they can be written
 * right into it. Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision"; whisper.cpp 1.9.1.
 */

/** Where the weights come from; a `ModelFile`. */
export interface WeightSource {
  readonly header: ModelHeader;
  melFilters(): Promise<TensorValues>;
  tensor(name: string, dimensions: readonly number[]): Promise<TensorValues>;
}

/**
 * `int8`: matrices of 8-bit integers with a scale for each output channel, activations made 8-bit as they come. `int7`: the same with half the
 * range, for x86 processors without VNNI, where sums of two products of full range do not fit 16 bits and are cut off silently.
 */
export type EncoderPrecision = 'int8' | 'int7' | 'float32';

const LARGEST_WEIGHT = { int8: 127, int7: 63 } as const;

/**
 * Products whose input has rows (20 ms of audio each) that are far larger than others. With one step for all rows, words are lost, so each
 * row is scaled to the size of the others before, and its result is scaled back.
 */
const BY_ROWS = /\.mlp\.2$/;
/** The minimum of GELU is -0.17, so the range of a row is no smaller. */
const LEAST_OF_GELU = 0.17;

const FFT_SIZE = 400;
const HOP = 160;
const BINS = FFT_SIZE / 2 + 1;
const EPSILON = 1e-5;

export interface EncoderGraphOptions {
  source: WeightSource;
  weights: WeightFile;
  /** File name of `weights`, beside the graph. */
  weightsFile: string;
  precision: EncoderPrecision;
}

export async function buildEncoderGraph(options: EncoderGraphOptions): Promise<OnnxGraph> {
  const builder = new GraphBuilder(options);
  const mel = await logMel(builder);
  const encoded = await encoder(builder, mel);
  await crossAttention(builder, encoded);
  const { audioState: width, textLayers } = options.source.header;
  return {
    name: 'whisper-encoder',
    inputs: [{ name: 'samples', type: 'float32', dimensions: [1, 1, 'samples'] }],
    outputs: [
      { name: 'keys', type: 'float16', dimensions: [textLayers, 'frames', width] },
      { name: 'values', type: 'float16', dimensions: [textLayers, width, 'frames'] },
    ],
    nodes: builder.nodes,
    tensors: [...builder.tensors, ...options.weights.tensors],
    weightsFile: options.weightsFile,
  };
}

/** The discrete Fourier transform is a convolution with the window times sines and cosines. @returns [1, mels, 2 n] */
async function logMel(builder: GraphBuilder): Promise<string> {
  const { values: filters, dimensions } = await builder.source.melFilters();
  const mels = dimensions[0] as number;
  const spectrum = builder.node(
    'Conv',
    ['samples', await builder.constant('fourier', [2 * BINS, 1, FFT_SIZE], fourier())],
    {
      kernel_shape: [FFT_SIZE],
      strides: [HOP],
    },
  );
  const power = builder.node('Mul', [spectrum, spectrum]);
  // Real and imaginary parts are summed by the filters.
  const twice = new Float32Array(mels * 2 * BINS);
  for (let mel = 0; mel < mels; mel++) {
    const row = filters.subarray(mel * BINS, (mel + 1) * BINS);
    twice.set(row, mel * 2 * BINS);
    twice.set(row, mel * 2 * BINS + BINS);
  }
  const energy = builder.node('MatMul', [await builder.constant('mel_filters', [mels, 2 * BINS], twice), power]);
  const logarithm = builder.node('Log', [builder.node('Max', [energy, builder.scalar(1e-10)])]);
  const decades = builder.node('Mul', [logarithm, builder.scalar(Math.LOG10E)]);
  const loudest = builder.node('ReduceMax', [decades], { keepdims: 1 });
  const floor = builder.node('Sub', [loudest, builder.scalar(8)]);
  const clamped = builder.node('Max', [decades, floor]);
  return builder.node('Mul', [builder.node('Add', [clamped, builder.scalar(4)]), builder.scalar(0.25)]);
}

/** Rows of cosines, then of sines, under Hann's window. */
function fourier(): Float32Array {
  const rows = new Float32Array(2 * BINS * FFT_SIZE);
  for (let at = 0; at < FFT_SIZE; at++) {
    const window = 0.5 * (1 - Math.cos((2 * Math.PI * at) / FFT_SIZE));
    for (let bin = 0; bin < BINS; bin++) {
      const angle = (2 * Math.PI * ((at * bin) % FFT_SIZE)) / FFT_SIZE;
      rows[bin * FFT_SIZE + at] = window * Math.cos(angle);
      rows[(BINS + bin) * FFT_SIZE + at] = -window * Math.sin(angle);
    }
  }
  return rows;
}

/** @returns [1, n, width] */
async function encoder(builder: GraphBuilder, mel: string): Promise<string> {
  const { audioState: width, audioContext, audioLayers, audioHeads, mels } = builder.source.header;
  const first = await convolution(builder, { name: 'encoder.conv1', input: mel, inputs: mels, stride: 1 });
  const second = await convolution(builder, { name: 'encoder.conv2', input: first, inputs: width, stride: 2 });
  const rows = builder.node('Transpose', [second], { perm: [0, 2, 1] });
  const positions = await builder.weight('encoder.positional_embedding', [audioContext, width]);
  const frames = builder.node('Shape', [rows], { start: 1, end: 2 });
  const here = builder.node('Slice', [positions, builder.integers([0]), frames, builder.integers([0])]);
  let residual = builder.node('Add', [rows, here]);
  let normal = await builder.layerNorm('encoder.blocks.0.attn_ln', residual);
  for (let layer = 0; layer < audioLayers; layer++) {
    const name = `encoder.blocks.${layer}`;
    const attended = await selfAttention(builder, { name, input: normal, heads: audioHeads });
    [normal, residual] = await builder.addAndNorm(`${name}.mlp_ln`, attended, residual);
    const inner = await builder.linear([`${name}.mlp.0`], normal, { inputs: width, outputs: 4 * width });
    const active = builder.node('Gelu', [inner], {}, 'com.microsoft');
    const outer = await builder.linear([`${name}.mlp.2`], active, { inputs: 4 * width, outputs: width });
    const next = layer + 1 < audioLayers ? `encoder.blocks.${layer + 1}.attn_ln` : 'encoder.ln_post';
    [normal, residual] = await builder.addAndNorm(next, outer, residual);
  }
  return normal;
}

async function convolution(
  builder: GraphBuilder,
  options: { name: string; input: string; inputs: number; stride: number },
): Promise<string> {
  const { name, input, inputs, stride } = options;
  const width = builder.source.header.audioState;
  const weight = await builder.weight(`${name}.weight`, [width, inputs, 3]);
  const bias = await builder.weight(`${name}.bias`, [width]);
  const attributes = { kernel_shape: [3], pads: [1, 1], strides: [stride] };
  return builder.node('Gelu', [builder.node('Conv', [input, weight, bias], attributes)], {}, 'com.microsoft');
}

async function selfAttention(
  builder: GraphBuilder,
  { name, input, heads }: { name: string; input: string; heads: number },
): Promise<string> {
  const { audioState: width } = builder.source.header;
  const matrices = ['query', 'key', 'value'].map((part) => `${name}.attn.${part}`);
  // One product for the three: the input is made 8-bit once.
  const joined = await builder.linear(matrices, input, { inputs: width, outputs: width, without: `${name}.attn.key` });
  const parts = builder.split(joined, 3);
  const attended = builder.node('MultiHeadAttention', parts, { num_heads: heads }, 'com.microsoft');
  return await builder.linear([`${name}.attn.out`], attended, { inputs: width, outputs: width });
}

/** What the decoder's layers read of the audio. */
async function crossAttention(builder: GraphBuilder, encoded: string): Promise<void> {
  const { audioState: width, textHeads, textLayers } = builder.source.header;
  const layers = Array.from({ length: textLayers }, (_, layer) => `decoder.blocks.${layer}.cross_attn`);
  const keys = await builder.linear(
    layers.map((layer) => `${layer}.key`),
    encoded,
    {
      inputs: width,
      outputs: width,
      bias: false,
      // As in whisper.cpp: half of the scale is applied to the query.
      scale: (width / textHeads) ** -0.25,
    },
  );
  const values = await builder.linear(
    layers.map((layer) => `${layer}.value`),
    encoded,
    { inputs: width, outputs: width },
  );
  const keyRows = builder.node('Reshape', [keys, builder.integers([-1, textLayers, width])]);
  const keysByLayer = builder.node('Transpose', [keyRows], { perm: [1, 0, 2] });
  const valueRows = builder.node('Reshape', [values, builder.integers([-1, textLayers, width])]);
  const valuesByLayer = builder.node('Transpose', [valueRows], { perm: [1, 2, 0] });
  builder.output('keys', 'Cast', [keysByLayer], { to: ELEMENT.float16 });
  builder.output('values', 'Cast', [valuesByLayer], { to: ELEMENT.float16 });
}

interface LinearOptions {
  inputs: number;
  /** Outputs of each matrix. */
  outputs: number;
  /** Default: yes. */
  bias?: boolean;
  /** The matrix that has no bias. */
  without?: string;
  scale?: number;
}

class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  /** Tensors in the graph itself. */
  readonly tensors: OnnxTensor[] = [];
  readonly source: WeightSource;
  readonly #weights: WeightFile;
  readonly #precision: EncoderPrecision;
  #count = 0;

  constructor({ source, weights, precision }: EncoderGraphOptions) {
    this.source = source;
    this.#weights = weights;
    this.#precision = precision;
  }

  /** @returns the name of the first output */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: OnnxNode['attributes'] = {},
    domain?: 'com.microsoft',
  ): string {
    return this.output(`${operator}_${this.#count++}`, operator, inputs, attributes, domain);
  }

  output(
    name: string,
    operator: string,
    inputs: readonly string[],
    attributes: OnnxNode['attributes'] = {},
    domain?: 'com.microsoft',
  ): string {
    this.nodes.push({ operator, inputs, outputs: [name], attributes, ...(domain === undefined ? {} : { domain }) });
    return name;
  }

  /** Equal parts along the last axis. */
  split(input: string, count: number): string[] {
    const name = `Split_${this.#count++}`;
    const outputs = Array.from({ length: count }, (_, part) => `${name}_${part}`);
    this.nodes.push({ operator: 'Split', inputs: [input], outputs, attributes: { axis: -1 } });
    return outputs;
  }

  async layerNorm(name: string, input: string): Promise<string> {
    const { audioState: width } = this.source.header;
    const gain = await this.weight(`${name}.weight`, [width]);
    const bias = await this.weight(`${name}.bias`, [width]);
    return this.node('LayerNormalization', [input, gain, bias], { axis: -1, epsilon: { float: EPSILON } });
  }

  /** @returns the norm of the sum, and the sum. ONNX Runtime's operator for both takes five times as long. */
  async addAndNorm(name: string, input: string, residual: string): Promise<[string, string]> {
    const sum = this.node('Add', [input, residual]);
    return [await this.layerNorm(name, sum), sum];
  }

  /** A product with one matrix or several side by side. */
  async linear(names: readonly string[], input: string, options: LinearOptions): Promise<string> {
    const { inputs, outputs, scale = 1 } = options;
    const columns = outputs * names.length;
    const [first] = names as [string];
    const largest = this.#precision === 'float32' ? undefined : LARGEST_WEIGHT[this.#precision];
    const matrix = new (largest === undefined ? Float32Array : Int8Array)(inputs * columns);
    const scales = new Float32Array(columns);
    const bias = new Float32Array(columns);
    for (const [at, name] of names.entries()) {
      const from = at * outputs;
      const { values } = await this.source.tensor(`${name}.weight`, [outputs, inputs]);
      const steps = largest === undefined ? undefined : stepsOf(values, { rows: outputs, largest });
      const factors = Float32Array.from({ length: outputs }, (_, row) =>
        steps === undefined ? scale : 1 / at32(steps, row),
      );
      for (let row = 0; row < outputs; row++) scales[from + row] = scale * (steps === undefined ? 1 : at32(steps, row));
      transpose({ values, factors, into: matrix, columns, from });
      if (options.bias === false || name === options.without) continue;
      bias.set((await this.source.tensor(`${name}.bias`, [outputs])).values, from);
    }
    const hasBias = options.bias !== false;
    const weights = await this.constant(`${first}.matrix`, [inputs, columns], matrix);
    const offsets = hasBias ? await this.constant(`${first}.offsets`, [columns], bias) : '';
    if (largest !== undefined) {
      const steps = await this.constant(`${first}.scales`, [columns], scales);
      if (BY_ROWS.test(first)) {
        const sizes = this.node('Max', [
          this.node('ReduceMax', [input], { axes: [-1], keepdims: 1 }),
          this.scalar(LEAST_OF_GELU),
        ]);
        const even = this.node('Div', [input, sizes]);
        const product = this.node('DynamicQuantizeMatMul', [even, weights, steps], {}, 'com.microsoft');
        return this.node('Add', [this.node('Mul', [product, sizes]), offsets]);
      }
      const all = [input, weights, steps, ...(hasBias ? ['', offsets] : [])];
      return this.node('DynamicQuantizeMatMul', all, {}, 'com.microsoft');
    }
    const product = this.node('MatMul', [input, weights]);
    return hasBias ? this.node('Add', [product, offsets]) : product;
  }

  async weight(name: string, dimensions: readonly number[]): Promise<string> {
    return await this.constant(name, dimensions, (await this.source.tensor(name, dimensions)).values);
  }

  constant(name: string, dimensions: readonly number[], values: WeightValues): Promise<string> {
    return this.#weights.add(name, dimensions, values);
  }

  scalar(value: number): string {
    return this.#once(`scalar_${value}`, 'float32', { dimensions: [], values: Float32Array.of(value) });
  }

  integers(values: readonly number[]): string {
    const name = `integers_${values.join('_')}`;
    return this.#once(name, 'int64', { dimensions: [values.length], values: BigInt64Array.from(values, BigInt) });
  }

  #once(
    name: string,
    type: ElementType,
    { dimensions, values }: { dimensions: readonly number[]; values: Float32Array | BigInt64Array },
  ): string {
    if (!this.tensors.some((tensor) => tensor.name === name)) {
      this.tensors.push({ name, type, dimensions, content: new Uint8Array(values.buffer) });
    }
    return name;
  }
}

/** For each row the step of its integers, such that its largest weight is `largest` steps. */
function stepsOf(values: Float32Array, { rows, largest }: { rows: number; largest: number }): Float32Array {
  const length = values.length / rows;
  return Float32Array.from({ length: rows }, (_, row) => {
    let most = 0;
    for (let i = row * length; i < (row + 1) * length; i++) most = Math.max(most, Math.abs(at32(values, i)));
    return most > 0 ? most / largest : 1;
  });
}

/** Rows read at a time, so that writes are contiguous. */
const TILE = 64;

/** Writes rows times their factors as columns, starting at `from`; rounded to the nearest if `into` holds integers. */
function transpose(options: {
  values: Float32Array;
  factors: Float32Array;
  into: Int8Array | Float32Array;
  columns: number;
  from: number;
}): void {
  const { values, factors, into, columns, from } = options;
  const inputs = values.length / factors.length;
  const whole = into instanceof Int8Array;
  for (let tile = 0; tile < inputs; tile += TILE) {
    const end = Math.min(inputs, tile + TILE);
    for (let row = 0; row < factors.length; row++) {
      const factor = at32(factors, row);
      for (let i = tile; i < end; i++) {
        const value = at32(values, row * inputs + i) * factor;
        into[i * columns + from + row] = whole ? Math.round(value) : value;
      }
    }
  }
}

function at32(values: Float32Array, index: number): number {
  return values[index] as number;
}
