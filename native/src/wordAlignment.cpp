#include "wordAlignment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <string_view>

#include "alignmentHeads.h"
#include "whisperAccess.h"

namespace parley {

namespace {

constexpr int kMedianWidth = 7;
/** For the built-in model, found by comparing with the true times of its voices (half of the starts within 35 ms). */
constexpr std::array<whisper_ahead, 4> kBuiltInHeads{{{1, 0}, {1, 1}, {2, 0}, {2, 1}}};

bool readShape(const char *path, ModelShape &shape) {
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path, "rb"), std::fclose);
  std::array<std::int32_t, 11> head{};
  if (!file || std::fread(head.data(), sizeof(head[0]), head.size(), file.get()) != head.size()) return false;
  shape = {head[1], head[5], head[8], head[9], head[10]};
  return true;
}

/** Attention of text rows to frames: normalised over the rows, smoothed over the frames, averaged over the heads. */
std::vector<float> meanAttention(const access::Attention &attention, const std::vector<int> &textRows, int firstFrame,
                                 int frames) {
  const auto &[weights, tokens, stride, heads] = attention;
  const int rows = static_cast<int>(textRows.size());
  std::vector<float> mean(static_cast<std::size_t>(rows) * frames, 0.0f);
  std::vector<float> line(frames);
  for (int head = 0; head < heads; ++head) {
    const float *plane = weights.data() + static_cast<std::size_t>(head) * stride * tokens;
    std::vector<float> scaled(static_cast<std::size_t>(rows) * frames);
    for (int frame = 0; frame < frames; ++frame) {
      const float *column = plane + static_cast<std::size_t>(firstFrame + frame) * tokens;
      double sum = 0;
      double squares = 0;
      for (int token = 0; token < tokens; ++token) {
        sum += column[token];
        squares += static_cast<double>(column[token]) * column[token];
      }
      const double average = sum / tokens;
      const double deviation = std::sqrt(std::max(1e-18, squares / tokens - average * average));
      for (int row = 0; row < rows; ++row) {
        scaled[static_cast<std::size_t>(row) * frames + frame] =
            static_cast<float>((column[textRows[row]] - average) / deviation);
      }
    }
    for (int row = 0; row < rows; ++row) {
      const float *values = scaled.data() + static_cast<std::size_t>(row) * frames;
      for (int frame = 0; frame < frames; ++frame) {
        std::array<float, kMedianWidth> window{};
        for (int at = 0; at < kMedianWidth; ++at) {
          int index = std::abs(frame + at - kMedianWidth / 2);
          if (index >= frames) index = 2 * (frames - 1) - index;
          window[at] = values[std::clamp(index, 0, frames - 1)];
        }
        std::nth_element(window.begin(), window.begin() + kMedianWidth / 2, window.end());
        mean[static_cast<std::size_t>(row) * frames + frame] += window[kMedianWidth / 2] / heads;
      }
    }
  }
  return mean;
}

/** The frame at which the best path enters each row; every row takes at least one. */
std::vector<int> warp(const std::vector<float> &likeness, int rows, int frames) {
  const std::size_t width = static_cast<std::size_t>(frames) + 1;
  std::vector<float> cost((static_cast<std::size_t>(rows) + 1) * width, std::numeric_limits<float>::infinity());
  std::vector<bool> stays(cost.size(), true);
  cost[0] = 0;
  for (int row = 1; row <= rows; ++row) {
    for (int frame = 1; frame <= frames; ++frame) {
      const float entering = cost[(row - 1) * width + frame - 1];
      const float staying = cost[row * width + frame - 1];
      const std::size_t here = row * width + frame;
      stays[here] = staying <= entering;
      cost[here] = std::min(staying, entering) - likeness[static_cast<std::size_t>(row - 1) * frames + frame - 1];
    }
  }
  std::vector<int> starts(rows, 0);
  for (int row = rows, frame = frames; row > 0 && frame > 0; --frame) {
    starts[row - 1] = frame - 1;
    if (!stays[row * width + frame]) --row;
  }
  return starts;
}

} // namespace

void chooseAlignmentHeads(const char *modelPath, whisper_context_params &params) {
  ModelShape shape;
  params.dtw_token_timestamps = !params.flash_attn && readShape(modelPath, shape) && shape.textLayers > 0;
  if (!params.dtw_token_timestamps) return;
  if (shape.textLayers == 3 && shape.textHeads == 3) {
    params.dtw_aheads_preset = WHISPER_AHEADS_CUSTOM;
    params.dtw_aheads = {kBuiltInHeads.size(), kBuiltInHeads.data()};
    return;
  }
  const std::string_view path = modelPath;
  params.dtw_aheads_preset = alignmentHeadsOf(shape, path.substr(path.find_last_of("/\\") + 1));
  // If the heads of a model are unknown, those of the upper half of the decoder are used.
  params.dtw_n_top = std::max(1, shape.textLayers / 2);
}

std::vector<int> alignTokens(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &tokens,
                             int languageId, FrameRange range, int threads) {
  if (tokens.empty()) return {};
  std::vector<whisper_token> sequence = {whisper_token_sot(context)};
  if (whisper_is_multilingual(context)) sequence.push_back(whisper_token_lang(context, std::max(0, languageId)));
  const int firstRow = static_cast<int>(sequence.size());
  sequence.push_back(whisper_token_not(context));
  sequence.insert(sequence.end(), tokens.begin(), tokens.end());
  sequence.push_back(whisper_token_eot(context));

  access::Attention attention;
  if (!access::attentionOf(context, state, sequence, threads, attention)) return {};
  std::vector<int> rows(tokens.size() + 1);
  std::iota(rows.begin(), rows.end(), firstRow);
  return alignRows(attention, rows, range);
}

std::vector<int> alignRows(const access::Attention &attention, const std::vector<int> &textRows, FrameRange range) {
  // A row belongs to the token after it: that of the task's last token to the first word, that of the last word to the end.
  const int rows = static_cast<int>(textRows.size());
  const int frames = std::min(range.end, attention.frames) - range.first;
  const bool known = std::all_of(textRows.begin(), textRows.end(), [&](int row) { return row < attention.tokens; });
  if (rows < 2 || !known || frames < std::max(rows, kMedianWidth)) return {};
  std::vector<int> starts = warp(meanAttention(attention, textRows, range.first, frames), rows, frames);
  for (int &start : starts) start += range.first;
  return starts;
}

} // namespace parley
