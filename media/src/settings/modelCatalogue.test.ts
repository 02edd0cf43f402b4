import { describe, expect, it } from 'vitest';
import {
  AUTO_MODELS,
  BUILT_IN_MODEL,
  findPublishedModel,
  ordinaryProfile,
  PUBLISHED_MODELS,
} from './modelCatalogue.js';
import { PACKAGE_SETS } from './packageCatalogue.js';

describe('model catalogue', () => {
  it('has one name, one file and well-formed sums for each model', () => {
    expect(new Set(PUBLISHED_MODELS.map((model) => model.name)).size).toBe(PUBLISHED_MODELS.length);
    for (const { name, fileName, sha1, sha256 = '0'.repeat(64) } of PUBLISHED_MODELS) {
      expect(fileName).toBe(`ggml-${name}.bin`);
      expect(sha1).toMatch(/^[0-9a-f]{40}$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('knows everything that auto may take, and what it fetches on a CPU is to be had from packages, too', () => {
    for (const name of Object.values(AUTO_MODELS).flat()) expect(findPublishedModel(name)?.name).toBe(name);
    expect(findPublishedModel(AUTO_MODELS.cpu[0])?.rebuild?.weights).toBe('base');
  });

  it('runs published models as was measured on people, and the built-in one by its utterance', () => {
    for (const { profile } of PUBLISHED_MODELS) {
      const { interim, final, finalEnglish = final } = profile.windowFloorsMs ?? expect.unreachable(profile.name);
      expect([interim, finalEnglish, final]).toEqual([4_000, profile.name.startsWith('tiny') ? 7_000 : 4_000, 10_000]);
      expect(profile.reading).toEqual({ shortensPauses: false, leastProbabilityOfEnd: 0.85 });
    }
    // A file of another name goes by its layers.
    const own = (audioLayers: number) =>
      ordinaryProfile({ name: 'own', multilingual: true, audioLayers }).windowFloorsMs;
    expect([own(4)?.finalEnglish, own(6)?.finalEnglish]).toEqual([7_000, 4_000]);
    expect(BUILT_IN_MODEL.profile.windowPolicy).toBe('utterance');
    expect(BUILT_IN_MODEL.profile).not.toHaveProperty('reading');
  });

  it('names in each set of packages those alone that it lists', () => {
    for (const { packages, model, vocabulary } of Object.values(PACKAGE_SETS).flat()) {
      for (const { package: from } of [...model, vocabulary]) expect(packages).toContain(from);
    }
  });
});
