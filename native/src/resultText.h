#pragma once

#include <optional>
#include <vector>

#include "transcription.h"
#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

struct Token {
  /** From the model's vocabulary. */
  const char *bytes;
  whisper_token_data data;
  double startMs = 0;
  double endMs = 0;
};

/** What the decoder made of the audio: text tokens only. */
struct Decoded {
  std::vector<Token> tokens;
  /** The end of the text was reached; otherwise the tokens ran out. */
  bool ended = true;
  /** It got into a repetition loop, and was ended before that: later audio is not in the text. */
  bool looped = false;
  /** The text's probability by the model itself, if its tokens were sampled at a temperature and their own probabilities are not usable. */
  std::optional<double> rescored;
  /** For the task's tokens and the text's, from the decoding itself; empty if not requested or not available. */
  access::Attention attention;
  /** The row of `attention` for each token, and one for what comes after the last. */
  std::vector<int> textRows;

  double meanLogProbability() const;
};

/**
 * How likely the text is on its audio without a prompt that suggests it, and without a temperature that sharpens it. Runs the decoder once
 * more.
 */
std::optional<double> unpromptedLogProbability(whisper_context *context, whisper_state *state, const Decoded &decoded,
                                               int languageId, bool translate, int threads);

/** Reads the tokens of the request that `state` has just finished. */
Decoded readDecoded(whisper_context *context, whisper_state *state, std::size_t limit);

/**
 * Writes a text into `value`: text, token count, probabilities and, if requested, words. Token bytes are joined before they are read as
 * UTF-8, because one character may be split over several tokens.
 */
void collectText(whisper_context *context, whisper_state *state, const Job &job, int threads, Decoded &decoded,
                 Transcription &value);

} // namespace parley
