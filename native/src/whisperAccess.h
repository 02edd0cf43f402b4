#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml-backend.h"
#include "whisper.h"

/**
 * What whisper.cpp keeps inside `whisper_state` and its C interface does not show. The implementation is compiled in
 * one translation unit with whisper.cpp itself, so that a renamed field stops the build instead of the process.
 */
namespace parley::access {

struct Timings {
  double melMs = 0;
  double encodeMs = 0;
  double decodeMs = 0;
};

/** Forgets what an earlier request left behind: time sums, the random generators, the audio context. */
void beginRequest(whisper_state *state, int audioContext);

/**
 * Computes the log-mel spectrogram (and, for word times, the signal's energy) into `state`.
 * `whisper_full_with_state` is then called with 0 samples and takes what is there.
 * @return false when whisper.cpp refuses the samples
 */
bool prepareAudio(whisper_context *context, whisper_state *state, const float *samples, int count, int threads,
                  bool wordTimes);

/** The next `whisper_full_with_state` on this thread takes the encoder's output that `state` already holds. */
void reuseEncoding(whisper_state *state);
void forgetEncoding();

/** Probability of the no-speech token after start-of-transcript, of the last window decoded. */
float noSpeechProbability(const whisper_state *state);
int languageId(const whisper_state *state);
Timings timings(const whisper_state *state);

/** The state's CPU backend: always the last one of its list. */
ggml_backend_t cpuBackend(const whisper_state *state);

} // namespace parley::access
