#pragma once

#include <string_view>

#include "whisper.h"

namespace parley {

/** Dimensions that identify a model. */
struct ModelShape {
  int vocabulary = 0;
  int audioLayers = 0;
  int textHeads = 0;
  int textLayers = 0;
  int mels = 0;
};

/**
 * Layers and heads of attention that follow the audio, as observed; whisper.cpp knows those of the published models. Heads are a result of
 * training, not of shape: the files of `large-v1` and `large-v2` differ only in the name. If it is unclear which model it is, no heads are
 * named, rather than another model's.
 * @param fileName without its folder
 */
constexpr whisper_alignment_heads_preset alignmentHeadsOf(const ModelShape &shape, std::string_view fileName) {
  const auto &[vocabulary, audioLayers, textHeads, textLayers, mels] = shape;
  const auto named = [&](std::string_view name) { return fileName.find(name) != std::string_view::npos; };
  if (audioLayers == 32 && textHeads == 20) {
    if (mels == 128 && vocabulary == 51866) {
      if (textLayers == 4) return WHISPER_AHEADS_LARGE_V3_TURBO;
      if (textLayers == 32) return WHISPER_AHEADS_LARGE_V3;
    }
    if (mels == 80 && vocabulary == 51865 && textLayers == 32) {
      if (named("large-v1")) return WHISPER_AHEADS_LARGE_V1;
      if (named("large-v2")) return WHISPER_AHEADS_LARGE_V2;
    }
    return WHISPER_AHEADS_N_TOP_MOST;
  }
  // A distilled decoder has fewer layers than its encoder, and other heads.
  if (textLayers != audioLayers || mels != 80) return WHISPER_AHEADS_N_TOP_MOST;
  const bool english = vocabulary == 51864;
  if (textLayers == 4 && textHeads == 6) return english ? WHISPER_AHEADS_TINY_EN : WHISPER_AHEADS_TINY;
  if (textLayers == 6 && textHeads == 8) return english ? WHISPER_AHEADS_BASE_EN : WHISPER_AHEADS_BASE;
  if (textLayers == 12 && textHeads == 12) return english ? WHISPER_AHEADS_SMALL_EN : WHISPER_AHEADS_SMALL;
  if (textLayers == 24 && textHeads == 16) return english ? WHISPER_AHEADS_MEDIUM_EN : WHISPER_AHEADS_MEDIUM;
  return WHISPER_AHEADS_N_TOP_MOST;
}

// The compiler is the test: tests cannot load models of this size.
namespace published {

constexpr ModelShape large{51865, 32, 20, 32, 80};
constexpr ModelShape largeV3{51866, 32, 20, 32, 128};
constexpr ModelShape turbo{51866, 32, 20, 4, 128};
constexpr ModelShape distilLargeV3{51866, 32, 20, 2, 128};
constexpr ModelShape distilSmallEn{51864, 12, 12, 4, 80};
constexpr ModelShape tiny{51865, 4, 6, 4, 80};
constexpr ModelShape baseEn{51864, 6, 8, 6, 80};

static_assert(alignmentHeadsOf(large, "ggml-large-v1.bin") == WHISPER_AHEADS_LARGE_V1);
static_assert(alignmentHeadsOf(large, "ggml-large-v2-q5_0.bin") == WHISPER_AHEADS_LARGE_V2);
static_assert(alignmentHeadsOf(large, "model.bin") == WHISPER_AHEADS_N_TOP_MOST);
static_assert(alignmentHeadsOf(largeV3, "model.bin") == WHISPER_AHEADS_LARGE_V3);
static_assert(alignmentHeadsOf(turbo, "model.bin") == WHISPER_AHEADS_LARGE_V3_TURBO);
static_assert(alignmentHeadsOf(distilLargeV3, "model.bin") == WHISPER_AHEADS_N_TOP_MOST);
static_assert(alignmentHeadsOf(distilSmallEn, "model.bin") == WHISPER_AHEADS_N_TOP_MOST);
static_assert(alignmentHeadsOf(tiny, "model.bin") == WHISPER_AHEADS_TINY);
static_assert(alignmentHeadsOf(baseEn, "model.bin") == WHISPER_AHEADS_BASE_EN);

} // namespace published

} // namespace parley
