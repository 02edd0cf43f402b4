import type { CTranslate2File, HalfTensor } from './CTranslate2File.js';
import type { TensorShape } from './ggmlFile.js';

const HALF_BYTES = 2;

/** A tensor and its place in CTranslate2's file. */
export type NamedTensor = TensorShape & HalfTensor;

/** Layers and width of a Whisper model, derived from its tensors. */
export interface WhisperShape {
  vocabulary: number;
  width: number;
  layers: number;
}

export function whisperShape(file: CTranslate2File): WhisperShape {
  const [vocabulary = 0, width = 0] = file.tensor('decoder/embeddings/weight').shape;
  let layers = 0;
  while (file.has(`encoder/layer_${layers}/ffn/linear_0/weight`)) layers += 1;
  return { vocabulary, width, layers };
}

/**
 * All tensors in the order of the original checkpoint, which the published ggml files keep: positions and tokens, decoder, encoder; in each
 * block the MLP before the attentions. CTranslate2 stacks queries, keys and values; here they are separate. A key has no bias.
 */
export function whisperTensors(file: CTranslate2File): NamedTensor[] {
  const { width, layers } = whisperShape(file);
  const whole = (name: string, from: string): NamedTensor => ({ name, ...file.tensor(from) });
  /** The n-th part of the rows. */
  const part = (name: string, from: string, index: number): NamedTensor => {
    const { shape, offset } = file.tensor(from);
    const rest = shape.slice(1);
    const bytes = rest.reduce((product, each) => product * each, width * HALF_BYTES);
    return { name, shape: [width, ...rest], offset: offset + index * bytes };
  };
  const pair = (name: string, from: string) => [
    whole(`${name}.weight`, `${from}/weight`),
    whole(`${name}.bias`, `${from}/bias`),
  ];
  const norm = (name: string, from: string) => [
    whole(`${name}.weight`, `${from}/gamma`),
    whole(`${name}.bias`, `${from}/beta`),
  ];
  const queryKeyValue = (name: string, from: { query: string; keyValue: string; keyAt: number }) => [
    part(`${name}.query.weight`, `${from.query}/weight`, 0),
    part(`${name}.query.bias`, `${from.query}/bias`, 0),
    part(`${name}.key.weight`, `${from.keyValue}/weight`, from.keyAt),
    part(`${name}.value.weight`, `${from.keyValue}/weight`, from.keyAt + 1),
    part(`${name}.value.bias`, `${from.keyValue}/bias`, from.keyAt + 1),
  ];
  const block = (side: 'decoder' | 'encoder', layer: number) => {
    const name = `${side}.blocks.${layer}`;
    const from = `${side}/layer_${layer}`;
    const self = `${from}/self_attention/linear_0`;
    const cross = `${from}/attention`;
    return [
      ...norm(`${name}.mlp_ln`, `${from}/ffn/layer_norm`),
      ...pair(`${name}.mlp.0`, `${from}/ffn/linear_0`),
      ...pair(`${name}.mlp.2`, `${from}/ffn/linear_1`),
      ...norm(`${name}.attn_ln`, `${from}/self_attention/layer_norm`),
      ...queryKeyValue(`${name}.attn`, { query: self, keyValue: self, keyAt: 1 }),
      ...pair(`${name}.attn.out`, `${from}/self_attention/linear_1`),
      ...(side === 'encoder'
        ? []
        : [
            ...norm(`${name}.cross_attn_ln`, `${cross}/layer_norm`),
            ...queryKeyValue(`${name}.cross_attn`, {
              query: `${cross}/linear_0`,
              keyValue: `${cross}/linear_1`,
              keyAt: 0,
            }),
            ...pair(`${name}.cross_attn.out`, `${cross}/linear_2`),
          ]),
    ];
  };
  const blocks = (side: 'decoder' | 'encoder') =>
    Array.from({ length: layers }, (_, layer) => block(side, layer)).flat();
  return [
    whole('decoder.positional_embedding', 'decoder/position_encodings/encodings'),
    whole('encoder.positional_embedding', 'encoder/position_encodings/encodings'),
    whole('decoder.token_embedding.weight', 'decoder/embeddings/weight'),
    ...blocks('decoder'),
    ...norm('decoder.ln', 'decoder/layer_norm'),
    ...pair('encoder.conv1', 'encoder/conv1'),
    ...pair('encoder.conv2', 'encoder/conv2'),
    ...blocks('encoder'),
    ...norm('encoder.ln_post', 'encoder/layer_norm'),
  ];
}
