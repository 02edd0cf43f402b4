#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ggml-backend.h"
#include "OnnxEncoder.h"
#include "whisper.h"

/**
 * Internals of `whisper_state` that whisper.cpp's C interface does not expose. The implementation is compiled in one translation unit with
 * whisper.cpp itself, so that a renamed field breaks the build instead of the process.
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
 * Computes the log-mel spectrogram into `state`. `whisper_full_with_state` is then called with 0 samples and uses it.
 * @return false if whisper.cpp refuses the samples
 */
bool prepareAudio(whisper_context *context, whisper_state *state, const float *samples, int count, int threads);

/** Sets the number of samples in `state` if the encoder's output does not come from `prepareAudio`. */
void noteAudio(whisper_context *context, whisper_state *state, int count);

/**
 * Where another encoder's output goes.
 * @return without memory if it cannot be written from here: on a GPU, with flash attention, or not as 16-bit floats
 */
CrossAttentionCache crossAttentionCache(whisper_context *context, whisper_state *state);

/** The next run of the encoder on this thread is left out: `state` already holds its output. */
void reuseEncoding(whisper_state *state);
void forgetEncoding();
void addEncodeMs(whisper_state *state, double ms);

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

/** Runs the decoder over a finished text, on the encoder output in `state`. @return false if it fails */
bool attentionOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence, int threads,
                 Attention &attention);

/**
 * Mean log-probability of a text's tokens, each after those before it, on the encoder output in `state`.
 * @param sequence special tokens, then the text
 * @param firstText index of the first text token, at least 1
 * @return false if it fails
 */
bool meanLogProbabilityOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence,
                          std::size_t firstText, int threads, double &mean);

/** Input of a run of the decoder. */
struct DecoderRun {
  /** They take the positions from `firstPosition` on; earlier content there and later is forgotten. */
  const std::vector<whisper_token> &tokens;
  int firstPosition = 0;
  /** Index of the first token for which the next one is wanted; for the tokens before it, no logits are computed. */
  std::size_t firstWanted = 0;
  int threads = 1;
  /** Also returns the attention of each token, if possible. */
  bool attention = false;
};

/** @return false if it failed or was stopped; otherwise `logitsAfter` and, if requested, `attentionAfter` have results */
bool runDecoder(whisper_context *context, whisper_state *state, const DecoderRun &run);

/** One logit per vocabulary entry. `at`: index of a token of the last run, `firstWanted` or later. */
const float *logitsAfter(const whisper_context *context, const whisper_state *state, std::size_t at);

/** Attention of the last run's tokens. @return false if there is none */
bool attentionAfter(const whisper_state *state, Attention &attention);

/** Sets the result of `noSpeechProbability`, from the logits after start-of-transcript. */
void noteNoSpeech(whisper_context *context, whisper_state *state, const float *logits);

/** The token of a single space, which starts no text. */
whisper_token spaceToken(const whisper_context *context);

/**
 * Asks the system to keep the model's weights in huge pages. Each decoded token reads all of them, and with small pages a good part of the
 * time goes into page lookups. Linux only; no effect if the system does not support it.
 */
void useHugePages(const whisper_context *context);
/** The same for the decoder's cache of the audio. */
void useHugePages(const whisper_state *state);

/** The state's CPU backend: always the last one of its list. */
ggml_backend_t cpuBackend(const whisper_state *state);

} // namespace parley::access
