import { VOCABULARY_V1, VOCABULARY_V3 } from '../../../settings/languages.js';
import { AUDIO_CONTEXT, TEXT_CONTEXT, type TensorShape, type WhisperDimensions } from '../packages/ggmlFile.js';

const first = { vocabulary: VOCABULARY_V1, mels: 80 };
const third = { vocabulary: VOCABULARY_V3, mels: 128, width: 1_280, audioLayers: 32 };

/** Dimensions of the published multilingual models. */
export const SYNTH_SHAPES = {
  tiny: { ...first, width: 384, audioLayers: 4, textLayers: 4 },
  base: { ...first, width: 512, audioLayers: 6, textLayers: 6 },
  small: { ...first, width: 768, audioLayers: 12, textLayers: 12 },
  medium: { ...first, width: 1_024, audioLayers: 24, textLayers: 24 },
  'large-v3': { ...third, textLayers: 32 },
  turbo: { ...third, textLayers: 4 },
} as const satisfies Record<string, WhisperDimensions>;

export type SynthShape = keyof typeof SYNTH_SHAPES;

/** All tensors of a Whisper model, in the order of the original checkpoint. A key has no bias. */
export function tensorsOf({ vocabulary, width, audioLayers, textLayers, mels }: WhisperDimensions): TensorShape[] {
  const pair = (name: string, ...shape: number[]): TensorShape[] => [
    { name: `${name}.weight`, shape },
    { name: `${name}.bias`, shape: shape.slice(0, 1) },
  ];
  const attention = (name: string): TensorShape[] => [
    ...pair(`${name}.query`, width, width),
    { name: `${name}.key.weight`, shape: [width, width] },
    ...pair(`${name}.value`, width, width),
    ...pair(`${name}.out`, width, width),
  ];
  const blocks = (side: 'decoder' | 'encoder', layers: number) =>
    Array.from({ length: layers }, (_, layer) => `${side}.blocks.${layer}`).flatMap((name) => [
      ...pair(`${name}.mlp_ln`, width),
      ...pair(`${name}.mlp.0`, 4 * width, width),
      ...pair(`${name}.mlp.2`, width, 4 * width),
      ...pair(`${name}.attn_ln`, width),
      ...attention(`${name}.attn`),
      ...(side === 'encoder' ? [] : [...pair(`${name}.cross_attn_ln`, width), ...attention(`${name}.cross_attn`)]),
    ]);
  return [
    { name: 'decoder.positional_embedding', shape: [TEXT_CONTEXT, width] },
    { name: 'encoder.positional_embedding', shape: [AUDIO_CONTEXT, width] },
    { name: 'decoder.token_embedding.weight', shape: [vocabulary, width] },
    ...blocks('decoder', textLayers),
    ...pair('decoder.ln', width),
    ...pair('encoder.conv1', width, mels, 3),
    ...pair('encoder.conv2', width, width, 3),
    ...blocks('encoder', audioLayers),
    ...pair('encoder.ln_post', width),
  ];
}
