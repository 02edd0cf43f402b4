#pragma once

#include "transcription.h"

namespace parley {

/**
 * Reads tokens of the finished request into `value`: text, token count, mean log-probability and, when asked for,
 * words. Token bytes are joined before they are read as UTF-8, because one character may lie in several tokens.
 */
void collectText(whisper_context *context, whisper_state *state, const Job &job, int threads, Transcription &value);

} // namespace parley
