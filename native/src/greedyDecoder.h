#pragma once

#include <vector>

#include "resultText.h"
#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

/**
 * One text, decoded greedily: what whisper.cpp's decoder makes at temperature 0 with one beam and without timestamps. Where it
 * gets into a repetition loop the text ends before that.
 */
struct GreedyRequest {
  /** Text before this one; the last `whisper_n_text_ctx / 2 - 1` of its tokens count. */
  std::vector<whisper_token> prompt;
  int languageId = 0;
  bool translate = false;
  std::size_t maxTokens = 0;
  int threads = 1;
  /**
   * A guess at the text's tokens. The decoder looks at all of them at once and keeps those that it would have made itself, so the text is
   * the same as without (but for near ties: ggml adds up in another order where it computes several tokens at once). Source: Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding", with a draft for free.
   */
  std::vector<whisper_token> draft;
  /** Also tell how the tokens attend to the audio. Without, loops are not seen. */
  bool attention = false;
};

/** @return false when it was stopped or failed */
bool decodeGreedily(whisper_context *context, whisper_state *state, const GreedyRequest &request,
                    const StopSignal &stop, Decoded &decoded);

} // namespace parley
