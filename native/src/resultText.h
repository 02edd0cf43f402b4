#pragma once

#include <vector>

#include "transcription.h"
#include "whisper.h"

namespace parley {

struct Token {
  /** Of the model's vocabulary. */
  const char *bytes;
  whisper_token_data data;
  double startMs = 0;
  double endMs = 0;
};

/** What the decoder made of the audio: text tokens alone. */
struct Decoded {
  std::vector<Token> tokens;
  /** The end of the text was reached; otherwise the tokens were used up. */
  bool ended = true;

  double meanLogProbability() const;
};

/** Reads the tokens of the request that `state` has just finished. */
Decoded readDecoded(whisper_context *context, whisper_state *state, std::size_t limit);

/**
 * Puts a text into `value`: text, token count, probabilities and, when asked for, words. Token bytes are joined before they are
 * read as UTF-8, because one character may lie in several tokens.
 */
void collectText(whisper_context *context, whisper_state *state, const Job &job, int threads, Decoded &decoded,
                 Transcription &value);

} // namespace parley
