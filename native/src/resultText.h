#pragma once

#include <optional>
#include <vector>

#include "transcription.h"
#include "whisper.h"
#include "whisperAccess.h"

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
  /** It got into a repetition loop, and was ended before that: what the audio holds behind it is not in the text. */
  bool looped = false;
  /** What the text is worth by the model itself, where its tokens were drawn at a temperature and their own probabilities are not. */
  std::optional<double> rescored;
  /** Of the task's tokens and the text's, from the decoding itself; empty where it was not asked for or could not be had. */
  access::Attention attention;
  /** The row of `attention` that tells of each token, and one that tells of what comes after the last. */
  std::vector<int> textRows;

  double meanLogProbability() const;
};

/** How likely the text is on its audio where no prompt suggests it, and no temperature sharpens it. Runs the decoder once more. */
std::optional<double> unpromptedLogProbability(whisper_context *context, whisper_state *state, const Decoded &decoded,
                                               int languageId, bool translate, int threads);

/** Reads the tokens of the request that `state` has just finished. */
Decoded readDecoded(whisper_context *context, whisper_state *state, std::size_t limit);

/**
 * Puts a text into `value`: text, token count, probabilities and, when asked for, words. Token bytes are joined before they are
 * read as UTF-8, because one character may lie in several tokens.
 */
void collectText(whisper_context *context, whisper_state *state, const Job &job, int threads, Decoded &decoded,
                 Transcription &value);

} // namespace parley
