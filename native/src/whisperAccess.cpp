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

/** The vocabulary's logits are not needed for the decoder's tokens before this one. Set for the very next run on this thread. */
static thread_local int parleyFirstWanted = 0;

struct ggml_context;
struct ggml_tensor;
static ggml_tensor *parleyHalf(ggml_context *context, ggml_tensor *weights);

#include "whisperPatched.cpp"

static ggml_tensor *parleyHalf(ggml_context *context, ggml_tensor *weights) {
  return weights->type == GGML_TYPE_F16 ? weights : ggml_cast(context, weights, GGML_TYPE_F16);
}

#include "whisperAccess.h"

#include "sumOfExponentials.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

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
  parleyFirstWanted = 0;
}

bool prepareAudio(whisper_context *context, whisper_state *state, const float *samples, int count, int threads) {
  return whisper_pcm_to_mel_with_state(context, state, samples, count, threads) == 0;
}

void noteAudio(whisper_context *context, whisper_state *state, int count) {
  state->mel.n_mel = context->model.hparams.n_mels;
  // There is no spectrogram; its length is 0, so that code that reads it finds silence.
  state->mel.n_len = 0;
  // Counted as in `log_mel_spectrogram`.
  state->mel.n_len_org = 1 + (count + WHISPER_N_FFT / 2 - WHISPER_N_FFT) / WHISPER_HOP_LENGTH;
}

CrossAttentionCache crossAttentionCache(whisper_context *context, whisper_state *state) {
  const auto &hparams = context->model.hparams;
  const auto &cache = state->kv_cross;
  const bool writable = !context->params.flash_attn && cache.buffer != nullptr && ggml_backend_buffer_is_host(cache.buffer) &&
                        cache.k->type == GGML_TYPE_F16 && cache.v->type == GGML_TYPE_F16;
  if (!writable) return {};
  const int frames = state->exp_n_audio_ctx > 0 ? state->exp_n_audio_ctx : hparams.n_audio_ctx;
  return {cache.k->data, cache.v->data, hparams.n_text_layer, frames, hparams.n_text_state};
}

void addEncodeMs(whisper_state *state, double ms) { state->t_encode_us += static_cast<int64_t>(ms * 1e3); }

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
  const DecoderRun run{.tokens = sequence, .firstWanted = sequence.size() - 1, .threads = threads, .attention = true};
  return context->params.dtw_token_timestamps && runDecoder(context, state, run) && attentionAfter(state, attention);
}

bool meanLogProbabilityOf(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &sequence,
                          std::size_t firstText, int threads, double &mean) {
  if (firstText < 1 || sequence.size() <= firstText) return false;
  const DecoderRun run{.tokens = sequence, .firstWanted = firstText - 1, .threads = threads};
  if (!runDecoder(context, state, run)) return false;
  const std::size_t vocabulary = whisper_n_vocab(context);
  double sum = 0;
  for (std::size_t i = firstText; i < sequence.size(); ++i) {
    const float *row = logitsAfter(context, state, i - 1);
    const float most = *std::max_element(row, row + vocabulary);
    const double total = sumOfExponentials(row, vocabulary, most);
    sum += row[sequence[i]] - most - std::log(total);
  }
  mean = sum / static_cast<double>(sequence.size() - firstText);
  return std::isfinite(mean);
}

bool runDecoder(whisper_context *context, whisper_state *state, const DecoderRun &run) {
  const int count = static_cast<int>(run.tokens.size());
  if (count == 0 || run.firstPosition + count > whisper_n_text_ctx(context)) return false;
  if (run.firstPosition == 0) whisper_kv_cache_clear(state->kv_self);
  else whisper_kv_cache_seq_rm(state->kv_self, 0, run.firstPosition, -1);
  whisper_batch_prep_legacy(state->batch, run.tokens.data(), count, run.firstPosition, 0);
  for (int i = 0; i < count; ++i) state->batch.logits[i] = static_cast<std::size_t>(i) >= run.firstWanted;
  state->aheads_cross_QKs = nullptr;
  parleyFirstWanted = static_cast<int>(run.firstWanted);
  const bool attention = run.attention && context->params.dtw_token_timestamps;
  const bool done = whisper_decode_internal(*context, *state, state->batch, run.threads, attention, nullptr, nullptr);
  parleyFirstWanted = 0;
  return done;
}

const float *logitsAfter(const whisper_context *context, const whisper_state *state, std::size_t at) {
  return state->logits.data() + at * static_cast<std::size_t>(context->vocab.n_vocab);
}

bool attentionAfter(const whisper_state *state, Attention &attention) {
  const ggml_tensor *weights = state->aheads_cross_QKs;
  if (weights == nullptr || weights->type != GGML_TYPE_F32 || !ggml_is_contiguous(weights)) return false;
  attention.tokens = static_cast<int>(weights->ne[0]);
  attention.frames = static_cast<int>(weights->ne[1]);
  attention.heads = static_cast<int>(weights->ne[2]);
  attention.weights.resize(ggml_nelements(weights));
  ggml_backend_tensor_get(weights, attention.weights.data(), 0, ggml_nbytes(weights));
  return true;
}

void noteNoSpeech(whisper_context *context, whisper_state *state, const float *logits) {
  const int vocabulary = context->vocab.n_vocab;
  const float most = *std::max_element(logits, logits + vocabulary);
  const double total = parley::sumOfExponentials(logits, static_cast<std::size_t>(vocabulary), most);
  state->no_speech_prob = static_cast<float>(std::exp(logits[whisper_token_nosp(context)] - most) / total);
}

whisper_token spaceToken(const whisper_context *context) { return context->vocab.token_to_id.at(" "); }

namespace {

void putIntoHugePages([[maybe_unused]] ggml_backend_buffer_t buffer) {
#ifdef __linux__
  constexpr std::uintptr_t kHugePage = 2 << 20;
  // Collapses pages that are in use already; Linux 6.1 and newer.
  constexpr int kCollapse = 25;
  if (buffer == nullptr || !ggml_backend_buffer_is_host(buffer)) return;
  const auto base = reinterpret_cast<std::uintptr_t>(ggml_backend_buffer_get_base(buffer));
  const std::uintptr_t from = (base + kHugePage - 1) & ~(kHugePage - 1);
  const std::uintptr_t to = (base + ggml_backend_buffer_get_size(buffer)) & ~(kHugePage - 1);
  if (from >= to) return;
  // Neither call changes the content of the memory, and both may be refused.
  (void)madvise(reinterpret_cast<void *>(from), to - from, MADV_HUGEPAGE);
  (void)madvise(reinterpret_cast<void *>(from), to - from, kCollapse);
#endif
}

} // namespace

void useHugePages(const whisper_context *context) {
  for (const auto &buffer : context->model.buffers) putIntoHugePages(buffer);
}

void useHugePages(const whisper_state *state) { putIntoHugePages(state->kv_cross.buffer); }

ggml_backend_t cpuBackend(const whisper_state *state) {
  return state->backends.empty() ? nullptr : state->backends.back();
}

} // namespace parley::access
