// One translation unit with whisper.cpp: `whisperPatched.cpp` is the package's file with the changes that
// CMakeLists.txt makes to a copy (see there).

struct whisper_state;

/** The state whose encoder output is still good, set for the very next call on this thread. */
static thread_local const whisper_state *parleyEncodedState = nullptr;

static bool parleyTakeEncoding(const whisper_state *state) {
  const bool hit = parleyEncodedState == state;
  parleyEncodedState = nullptr;
  return hit;
}

#include "whisperPatched.cpp"

#include "whisperAccess.h"

namespace parley::access {

void beginRequest(whisper_state *state, int audioContext) {
  state->t_sample_us = 0;
  state->t_encode_us = 0;
  state->t_decode_us = 0;
  state->t_batchd_us = 0;
  state->t_prompt_us = 0;
  state->t_mel_us = 0;
  state->no_speech_prob = 0.0f;
  state->exp_n_audio_ctx = audioContext;
  for (int i = 0; i < WHISPER_MAX_DECODERS; ++i) state->decoders[i].rng = std::mt19937(i);
  parleyEncodedState = nullptr;
}

bool prepareAudio(whisper_context *context, whisper_state *state, const float *samples, int count, int threads) {
  return whisper_pcm_to_mel_with_state(context, state, samples, count, threads) == 0;
}

void reuseEncoding(whisper_state *state) { parleyEncodedState = state; }

void forgetEncoding() { parleyEncodedState = nullptr; }

float noSpeechProbability(const whisper_state *state) { return state->no_speech_prob; }

int languageId(const whisper_state *state) { return state->lang_id; }

Timings timings(const whisper_state *state) {
  return {static_cast<double>(state->t_mel_us) / 1e3, static_cast<double>(state->t_encode_us) / 1e3,
          static_cast<double>(state->t_decode_us + state->t_batchd_us + state->t_prompt_us + state->t_sample_us) / 1e3};
}

bool attentionOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence, int threads,
                 Attention &attention) {
  const int textContext = whisper_n_text_ctx(context);
  if (!context->params.dtw_token_timestamps || static_cast<int>(sequence.size()) > textContext) return false;
  state->aheads_cross_QKs = nullptr;
  whisper_kv_cache_clear(state->kv_self);
  whisper_batch_prep_legacy(state->batch, sequence.data(), static_cast<int>(sequence.size()), 0, 0);
  if (!whisper_decode_internal(*context, *state, state->batch, threads, true, nullptr, nullptr)) return false;
  const ggml_tensor *weights = state->aheads_cross_QKs;
  if (weights == nullptr || weights->type != GGML_TYPE_F32 || !ggml_is_contiguous(weights)) return false;
  attention.tokens = static_cast<int>(weights->ne[0]);
  attention.frames = static_cast<int>(weights->ne[1]);
  attention.heads = static_cast<int>(weights->ne[2]);
  attention.weights.resize(ggml_nelements(weights));
  ggml_backend_tensor_get(weights, attention.weights.data(), 0, ggml_nbytes(weights));
  return true;
}

bool meanLogProbabilityOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence,
                          std::size_t firstText, int threads, double &mean) {
  if (firstText < 1 || sequence.size() <= firstText) return false;
  if (static_cast<int>(sequence.size()) > whisper_n_text_ctx(context)) return false;
  whisper_kv_cache_clear(state->kv_self);
  whisper_batch_prep_legacy(state->batch, sequence.data(), static_cast<int>(sequence.size()), 0, 0);
  for (std::size_t i = firstText - 1; i + 1 < sequence.size(); ++i) state->batch.logits[i] = 1;
  if (!whisper_decode_internal(*context, *state, state->batch, threads, false, nullptr, nullptr)) return false;
  const std::size_t vocabulary = whisper_n_vocab(context);
  double sum = 0;
  for (std::size_t i = firstText; i < sequence.size(); ++i) {
    const float *row = state->logits.data() + (i - 1) * vocabulary;
    const float most = *std::max_element(row, row + vocabulary);
    double total = 0;
    for (std::size_t token = 0; token < vocabulary; ++token) total += std::exp(row[token] - most);
    sum += row[sequence[i]] - most - std::log(total);
  }
  mean = sum / static_cast<double>(sequence.size() - firstText);
  return std::isfinite(mean);
}

ggml_backend_t cpuBackend(const whisper_state *state) {
  return state->backends.empty() ? nullptr : state->backends.back();
}

} // namespace parley::access
