#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ggml-backend.h"
#include "OnnxEncoder.h"
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

/** Tells `state` how many samples it is about, where the encoder's output does not come from `prepareAudio`. */
void noteAudio(whisper_context *context, whisper_state *state, int count);

/**
 * Where another encoder's output goes.
 * @return without memory where it can't be written from here: on a GPU, with flash attention, as other than 16-bit floats
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

/** What a run of the decoder is asked. */
struct DecoderRun {
  /** They take the positions from `firstPosition` on; what stood there and later is forgotten. */
  const std::vector<whisper_token> &tokens;
  int firstPosition = 0;
  /** Index of the first token after which the next one is wanted; the others before it cost no look at the vocabulary. */
  std::size_t firstWanted = 0;
  int threads = 1;
  /** Also tells the attention of each token, where that can be had. */
  bool attention = false;
};

/** @return false when it failed or was stopped; else `logitsAfter` and, where asked for, `attentionAfter` have something to tell */
bool runDecoder(whisper_context *context, whisper_state *state, const DecoderRun &run);

/** One number for each of the vocabulary. `at`: index of a token of the last run, `firstWanted` or later. */
const float *logitsAfter(const whisper_context *context, const whisper_state *state, std::size_t at);

/** Attention of the last run's tokens. @return false where there is none */
bool attentionAfter(const whisper_state *state, Attention &attention);

/** Sets what `noSpeechProbability` says, from the numbers after start-of-transcript. */
void noteNoSpeech(whisper_context *context, whisper_state *state, const float *logits);

/** The token of a single space, which begins no text. */
whisper_token spaceToken(const whisper_context *context);

/**
 * Asks the system to keep the model's weights in huge pages. Each token of the decoder reads them all, and with small ones a good part of its time
 * goes into finding pages. Linux only; without effect where the system does not do it.
 */
void useHugePages(const whisper_context *context);
/** The same for what the decoder reads of the audio. */
void useHugePages(const whisper_state *state);

/** The state's CPU backend: always the last one of its list. */
ggml_backend_t cpuBackend(const whisper_state *state);

} // namespace parley::access
