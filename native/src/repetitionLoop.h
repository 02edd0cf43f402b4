#pragma once

#include <cstddef>
#include <vector>

#include "resultText.h"
#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

/** The tokens that tell the decoder its task, before the text. */
std::vector<whisper_token> taskTokens(whisper_context *context, int languageId, bool translate);

/** Gathers the rows of attention that belong to a text. */
class AttentionRows {
public:
  /** Adds `count` rows of the decoder's last run from `from` on. */
  void takeLastRun(const whisper_state *state, std::size_t from, std::size_t count);

  /** Adds `count` rows of `run` from `from` on. */
  void take(const access::Attention &run, std::size_t from, std::size_t count);

  /** Removes the last rows: those of guesses that were wrong. */
  void drop(std::size_t count);

  /** The frame that a row attends to most; -1 if it is not known. */
  int frameOf(std::size_t row) const;

  /** Empty if rows are missing. */
  access::Attention all() const;

private:
  access::Attention run_;
  std::vector<float> rows_;
  std::size_t count_ = 0;
  int frames_ = 0;
  int heads_ = 0;
  bool complete_ = true;
};

/**
 * Removes a repetition loop from the end of a text that is being decoded: the last tokens repeat those before them, while the decoder attends
 * to the same stretch of audio again, or to none. People who say something twice say it later. The text counts as ended then.
 * @return whether there was one
 */
bool cutLoop(Decoded &decoded, const AttentionRows &attention);

/**
 * Whether the finished text of another decoder has such a repetition anywhere. Runs the decoder once over the text, and keeps its attention
 * for the times of words. Without attention, the answer is no.
 */
bool repeatsItself(whisper_context *context, whisper_state *state, int languageId, bool translate, int threads,
                   Decoded &decoded);

} // namespace parley
