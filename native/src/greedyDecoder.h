#pragma once

#include <vector>

#include "resultText.h"
#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

/**
 * One text, decoded greedily: the same as whisper.cpp's decoder at temperature 0 with one beam and without timestamps. If it gets into a
 * repetition loop, the text ends before that.
 */
struct GreedyRequest {
  /** Preceding text; the last `whisper_n_text_ctx / 2 - 1` of its tokens count. */
  std::vector<whisper_token> prompt;
  int languageId = 0;
  bool translate = false;
  std::size_t maxTokens = 0;
  int threads = 1;
  /**
   * A guess at the text's tokens. The decoder checks all of them at once and keeps those that it would have made itself, so the text is the
   * same as without (except for near ties: ggml adds up in another order when it computes several tokens at once). Source: Leviathan et al.
   * 2023, "Fast Inference from Transformers via Speculative Decoding", with a draft for free.
   */
  std::vector<whisper_token> draft;
  /** Also return how the tokens attend to the audio. Without it, loops are not detected. */
  bool attention = false;
};

/** @return false if it was stopped or failed */
bool decodeGreedily(whisper_context *context, whisper_state *state, const GreedyRequest &request,
                    const StopSignal &stop, Decoded &decoded);

} // namespace parley
