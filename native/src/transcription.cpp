#include "transcription.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <map>

#include "OnnxEncoder.h"
#include "backends.h"
#include "greedyDecoder.h"
#include "repetitionLoop.h"
#include "resultText.h"
#include "utf8.h"
#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

namespace {

/** whisper.cpp's own code for "no memory for the key/value cache": it has freed the state by then. */
constexpr int kStateFreed = -7;
/** Its codes for an encoder and a decoder that failed or were stopped. */
constexpr int kEncoderFailed = -6;
constexpr int kDecoderFailed = -9;
/** Far more than the 224 tokens that can be used; bounds the tokenizer's regular expression. */
constexpr std::size_t kMaxPromptBytes = 4096;
/** Decoders that the temperature fallback samples with. */
constexpr int kFallbackCandidates = 2;
/** Tokens at the end of a text whose entropy reveals a loop: as in whisper.cpp. */
constexpr std::size_t kLoopTokens = 32;

bool askStop(void *stop) { return static_cast<const StopSignal *>(stop)->shouldStop(); }

/** Languages that this model has tokens for: 99, or 100 from large-v3 on. */
int languageCount(whisper_context *context) {
  return whisper_model_n_vocab(context) - 51765 - (whisper_is_multilingual(context) ? 1 : 0);
}

/** whisper.cpp's decoder makes no more steps; a text that does not end by then would count as failed. */
int mostTokens(whisper_context *context) { return whisper_n_text_ctx(context) / 2 - 4; }

whisper_full_params parametersOf(whisper_context *context, const Job &job, int threads, const StopSignal &stop) {
  whisper_full_params params =
      whisper_full_default_params(job.beamSize > 1 ? WHISPER_SAMPLING_BEAM_SEARCH : WHISPER_SAMPLING_GREEDY);
  params.n_threads = threads;
  params.translate = job.translate;
  params.no_context = true;
  // One segment: with several, a token limit drops the text after it.
  params.single_segment = true;
  // Word times come from the decoder's attention, see wordAlignment.h.
  params.no_timestamps = true;
  params.print_special = false;
  params.print_progress = false;
  params.print_realtime = false;
  params.print_timestamps = false;
  // whisper.cpp stops after `max_tokens` + 1.
  params.max_tokens = std::clamp(job.maxTokens - 1, 1, mostTokens(context) - 1);
  params.audio_ctx = job.audioContext;
  params.suppress_blank = true;
  // Notes on sounds stay possible: without them the model writes sentences on noise. The caller removes them from the text.
  params.suppress_nst = false;
  // `decode` tries other temperatures: whisper.cpp keeps the last text, however much worse than the first it is.
  params.temperature_inc = 0;
  // The caller judges whether a text is speech, by the probabilities of the result.
  params.no_speech_thold = 1;
  const bool samples = job.temperature > 0 || job.temperatureIncrement > 0;
  params.greedy.best_of = samples ? std::max(kFallbackCandidates, job.beamSize) : 1;
  params.beam_search.beam_size = job.beamSize;
  params.abort_callback = askStop;
  params.abort_callback_user_data = const_cast<StopSignal *>(&stop);
  return params;
}

/** The token's number of a language that this model has one for; -1 for any other. */
int languageId(whisper_context *context, const std::string &code) {
  const int id = whisper_lang_id(code.c_str());
  // whisper.cpp also takes English names of languages; the contract allows only codes.
  return id >= 0 && id < languageCount(context) && code == whisper_lang_str(id) ? id : -1;
}

/**
 * Probabilities of the model's languages, by their numbers, for the audio whose encoding `state` holds. If `among` is not empty, relative
 * to the languages in it. Empty: they could not be computed.
 */
std::vector<double> languageProbabilities(whisper_context *context, whisper_state *state, int threads,
                                          const std::vector<std::string> &among) {
  std::vector<float> all(static_cast<std::size_t>(whisper_lang_max_id()) + 1, 0.0f);
  access::reuseEncoding(state);
  if (whisper_lang_auto_detect_with_state(context, state, 0, threads, all.data()) < 0) return {};
  all.resize(std::min<std::size_t>(languageCount(context), all.size()));
  if (among.empty()) return {all.begin(), all.end()};
  double sum = 0;
  for (const auto &code : among) sum += all.at(languageId(context, code));
  std::vector<double> shares(all.size(), 0.0);
  // Equal shares if all are zero.
  const double least = sum > 0 ? 0 : 1.0 / static_cast<double>(among.size());
  for (const auto &code : among) {
    const int id = languageId(context, code);
    shares.at(id) = sum > 0 ? all.at(id) / sum : least;
  }
  return shares;
}

/** Chooses a language, and reports which one is likelier if it keeps the settled one. */
void chooseLanguage(whisper_context *context, const Job &job, const std::vector<double> &probabilities,
                    Transcription &value) {
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  const int likeliest = static_cast<int>(best - probabilities.begin());
  const int settled = job.settledLanguage.empty() ? likeliest : languageId(context, job.settledLanguage);
  const bool keeps = settled != likeliest && *best < job.switchProbability;
  const int chosen = keeps ? settled : likeliest;
  value.language = whisper_lang_str(chosen);
  value.languageProbability = probabilities.at(chosen);
  if (!keeps) return;
  value.likelierLanguage = whisper_lang_str(likeliest);
  value.likelierProbability = *best;
}

std::string failureText(const char *what, int code) {
  const std::string reason = lastEngineError();
  return std::string(what) + " (code " + std::to_string(code) + (reason.empty() ? ")" : "): " + reason);
}

Outcome failed(Status status, std::string message) {
  Outcome outcome;
  outcome.status = status;
  outcome.message = std::move(message);
  return outcome;
}

/** Shannon entropy (nats) of the last tokens: a loop has few different ones. */
double tailEntropy(const std::vector<Token> &tokens) {
  const std::size_t count = std::min(kLoopTokens, tokens.size());
  std::map<whisper_token, int> counts;
  for (std::size_t i = tokens.size() - count; i < tokens.size(); ++i) ++counts[tokens[i].data.id];
  double entropy = 0;
  for (const auto &[id, times] : counts) {
    const double share = static_cast<double>(times) / static_cast<double>(count);
    entropy -= share * std::log(share);
  }
  return entropy;
}

/**
 * Whether another temperature may do better. Repetition alone is no reason, because people say numbers: only a text that repeats itself and
 * does not end counts as a loop.
 */
bool looksWrong(const Decoded &decoded, const Job &job, double noSpeechProbability) {
  if (decoded.tokens.empty()) return false;
  if (decoded.meanLogProbability() < job.logProbabilityThreshold && noSpeechProbability < job.noSpeechThreshold) return true;
  return !decoded.ended && decoded.tokens.size() > kLoopTokens && tailEntropy(decoded.tokens) < job.entropyThreshold;
}

double msSince(std::chrono::steady_clock::time_point started) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
}

/**
 * Puts the decoder's view of the audio into `state`. If the other encoder fails, whisper.cpp's own does it.
 * @return whisper.cpp's code
 */
int encode(whisper_context *context, whisper_state *state, const Job &job, int threads, const StopSignal &stop,
           OnnxEncoder *encoder) {
  const auto &samples = job.audio.samples;
  const int count = static_cast<int>(samples.size());
  const CrossAttentionCache cache = access::crossAttentionCache(context, state);
  if (encoder != nullptr && encoder->usable() && cache.keys != nullptr) {
    const auto started = std::chrono::steady_clock::now();
    std::string failure = encoder->encode(job.audio, cache, threads, stop);
    access::addEncodeMs(state, msSince(started));
    if (failure.empty()) {
      access::noteAudio(context, state, count);
      return 0;
    }
    if (stop.shouldStop()) return kEncoderFailed;
    encoder->giveUp(std::move(failure));
  }
  if (!access::prepareAudio(context, state, samples.data(), count, threads)) return -2;
  return whisper_encode_with_state(context, state, 0, threads) == 0 ? 0 : kEncoderFailed;
}

std::vector<whisper_token> promptTokens(whisper_context *context, const std::string &prompt) {
  if (prompt.empty()) return {};
  std::vector<whisper_token> tokens(prompt.size() + 1);
  const int count = whisper_tokenize(context, prompt.c_str(), tokens.data(), static_cast<int>(tokens.size()));
  tokens.resize(static_cast<std::size_t>(std::max(0, count)));
  return tokens;
}

/** One try at the text, on the encoding that `state` holds. @return whisper.cpp's code */
int decodeOnce(whisper_context *context, whisper_state *state, const Job &job, const whisper_full_params &params,
               const StopSignal &stop, Decoded &decoded) {
  if (params.temperature > 0 || job.beamSize > 1) {
    access::reuseEncoding(state);
    // 0 samples: the encoding is in the state already.
    const int code = whisper_full_with_state(context, state, params, nullptr, 0);
    access::forgetEncoding();
    if (code != 0) return code;
    decoded = readDecoded(context, state, static_cast<std::size_t>(job.maxTokens));
    const bool checked = params.temperature <= 0 && job.words;
    const int language = whisper_lang_id(params.language);
    if (!checked || !repeatsItself(context, state, language, params.translate, params.n_threads, decoded)) return 0;
    // Beams are ranked by their mean probability, which a repetition loop makes higher. The greedy decoder stops at loops.
    decoded = {};
  }
  GreedyRequest request;
  if (params.initial_prompt != nullptr) request.prompt = promptTokens(context, params.initial_prompt);
  request.languageId = whisper_lang_id(params.language);
  request.translate = params.translate;
  request.maxTokens = static_cast<std::size_t>(std::min(job.maxTokens, mostTokens(context)));
  request.threads = params.n_threads;
  // A token outside the vocabulary would be read out of bounds.
  const bool known = std::all_of(job.draft.begin(), job.draft.end(),
                                 [end = whisper_token_eot(context)](int token) { return token >= 0 && token < end; });
  if (known) request.draft = job.draft;
  request.attention = job.words;
  return decodeGreedily(context, state, request, stop, decoded) ? 0 : kDecoderFailed;
}

/**
 * Decodes, and again at higher temperatures as long as the text looks wrong and the job allows it. If none looks right, the result is the
 * first one: it is the likeliest.
 * @return whisper.cpp's code
 */
int decode(whisper_context *context, whisper_state *state, const Job &job, whisper_full_params params,
           const StopSignal &stop, Decoded &decoded) {
  for (float temperature = job.temperature; temperature <= 1 + 1e-6f; temperature += job.temperatureIncrement) {
    const bool first = temperature == job.temperature;
    params.temperature = temperature;
    // When sampling, less of a loop is better; the likeliest text is not dropped for its entropy.
    params.entropy_thold = temperature > 0 ? job.entropyThreshold : 0;
    Decoded next;
    const int code = decodeOnce(context, state, job, params, stop, next);
    // A stopped try does not affect the text that is already there.
    if (code != 0) return first || code == kStateFreed ? code : 0;
    const double noSpeech = access::noSpeechProbability(state);
    if (!first) {
      // whisper.cpp reports the probabilities that it sampled from, which a temperature has made too high.
      next.rescored = unpromptedLogProbability(context, state, next, whisper_lang_id(params.language), params.translate,
                                               params.n_threads);
      if (!next.rescored) return 0;
    }
    const bool wrong = looksWrong(next, job, noSpeech);
    if (first || !wrong) decoded = std::move(next);
    if (!wrong || job.temperatureIncrement <= 0) return 0;
  }
  return 0;
}

Outcome run(whisper_context *context, whisper_state *&state, const Job &job, int threads, const StopSignal &stop,
            OnnxEncoder *encoder) {
  const auto started = std::chrono::steady_clock::now();
  const auto aborted = [] { return failed(Status::Aborted, "the job was stopped before its end"); };
  if (stop.shouldStop()) return aborted();

  clearEngineError();
  access::beginRequest(state, job.audioContext);
  Outcome outcome;
  Transcription &value = outcome.value;
  const int encoded = encode(context, state, job, threads, stop, encoder);
  if (stop.shouldStop()) return aborted();
  if (encoded != 0) return failed(Status::DecodeFailed, failureText("the audio could not be encoded", encoded));

  value.language = whisper_is_multilingual(context) ? job.language : "en";
  value.languageProbability = 1;
  if (value.language == "auto") {
    const std::vector<double> probabilities = languageProbabilities(context, state, threads, job.languages);
    if (stop.shouldStop()) return aborted();
    if (probabilities.empty()) {
      return failed(Status::DecodeFailed, failureText("the language could not be detected", -1));
    }
    chooseLanguage(context, job, probabilities, value);
  }

  whisper_full_params params = parametersOf(context, job, threads, stop);
  params.language = value.language.c_str();
  const std::string prompt(utf8Tail(job.prompt, kMaxPromptBytes));
  params.initial_prompt = prompt.empty() ? nullptr : prompt.c_str();

  Decoded decoded;
  const int code = decode(context, state, job, params, stop, decoded);
  if (code == kStateFreed) {
    state = nullptr;
    return failed(Status::DecodeFailed, failureText("out of memory for the decoder", code));
  }
  if (stop.shouldStop() && code != 0) return aborted();
  if (code != 0) return failed(Status::DecodeFailed, failureText("the decoder failed", code));

  value.noSpeechProbability = access::noSpeechProbability(state);
  collectText(context, state, job, threads, decoded, value);
  const access::Timings timings = access::timings(state);
  value.melMs = timings.melMs;
  value.encodeMs = timings.encodeMs;
  value.decodeMs = timings.decodeMs;
  value.totalMs = msSince(started);
  // In the first answer that arrives: the answer of the job for which it failed may never arrive.
  if (encoder != nullptr) value.encoderFailure = encoder->takeFailure();
  outcome.wantsWords = job.words;
  outcome.sanitized = job.audio.sanitized;
  return outcome;
}

} // namespace

std::string refuseJob(whisper_context *context, const Job &job) {
  if (job.audio.given > kMaxSamples) return "the audio is longer than 30 s";
  if (job.audioContext < 0 || job.audioContext > whisper_model_n_audio_ctx(context)) {
    return "audioContext must be 0 to " + std::to_string(whisper_model_n_audio_ctx(context));
  }
  const auto unknown = [&](const std::string &code) { return languageId(context, code) < 0; };
  const auto refused = [](const std::string &code) {
    return "the model does not know the language '" + code.substr(0, 16) + "'";
  };
  const auto wrong = std::find_if(job.languages.begin(), job.languages.end(), unknown);
  if (wrong != job.languages.end()) return refused(*wrong);
  if (!job.settledLanguage.empty() && unknown(job.settledLanguage)) return refused(job.settledLanguage);
  if (job.language == "auto") return "";
  if (unknown(job.language)) return refused(job.language);
  if (!whisper_is_multilingual(context) && job.language != "en") {
    return "the model knows English only, not '" + job.language + "'";
  }
  return "";
}

Outcome transcribe(whisper_context *context, whisper_state *&state, const Job &job, int threads, const StopSignal &stop,
                   OnnxEncoder *encoder) {
  try {
    return run(context, state, job, threads, stop, encoder);
  } catch (const std::exception &error) {
    access::forgetEncoding();
    return failed(Status::DecodeFailed, std::string("the decoder failed: ") + error.what());
  } catch (...) {
    access::forgetEncoding();
    return failed(Status::DecodeFailed, "the decoder failed for an unknown reason");
  }
}

} // namespace parley
