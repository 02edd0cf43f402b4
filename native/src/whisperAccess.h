#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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
 * Computes the log-mel spectrogram into `state`.
 * `whisper_full_with_state` is then called with 0 samples and takes what is there.
 * @return false when whisper.cpp refuses the samples
 */
bool prepareAudio(whisper_context *context, whisper_state *state, const float *samples, int count, int threads);

/** The next `whisper_full_with_state` on this thread takes the encoder's output that `state` already holds. */
void reuseEncoding(whisper_state *state);
void forgetEncoding();

/** Probability of the no-speech token after start-of-transcript, of the last window decoded. */
float noSpeechProbability(const whisper_state *state);
int languageId(const whisper_state *state);
Timings timings(const whisper_state *state);

/** The decoder's attention to the audio, heads that follow it only: `weights[head][frame][token]`. */
struct Attention {
  std::vector<float> weights;
  int tokens = 0;
  /** Frames of the encoder's window. */
  int frames = 0;
  int heads = 0;
};

/** Runs the decoder over a finished text, on the encoder output that `state` holds. @return false when it cannot be had */
bool attentionOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence, int threads,
                 Attention &attention);

/**
 * Mean log-probability of a text's tokens, each after those before it, on the encoder output that `state` holds.
 * @param sequence special tokens, then the text
 * @param firstText index of the first text token, 1 at least
 * @return false when it cannot be had
 */
bool meanLogProbabilityOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence,
                          std::size_t firstText, int threads, double &mean);

/** The state's CPU backend: always the last one of its list. */
ggml_backend_t cpuBackend(const whisper_state *state);

} // namespace parley::access
