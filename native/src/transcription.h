#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "audioInput.h"

struct whisper_context;
struct whisper_state;

namespace parley {

enum class Status { Ok, InvalidArgument, LaneBusy, Aborted, DecodeFailed, Closed };

struct Job {
  AudioInput audio;
  /** ISO 639-1 code or `auto`. */
  std::string language;
  /** `auto` chooses among these; empty: among all that the model has tokens for. */
  std::vector<std::string> languages;
  /** `auto` keeps this one unless another is at least `switchProbability` likely; empty: the likeliest is taken. */
  std::string settledLanguage;
  double switchProbability = 0;
  std::string prompt;
  /** A guess at the text, as tokens; makes it quicker and never changes it. */
  std::vector<int> draft;
  bool translate = false;
  bool words = false;
  int audioContext = 0;
  int beamSize = 1;
  int maxTokens = 224;
  float temperature = 0;
  float temperatureIncrement = 0;
  /** 0 = all threads of the lane. */
  int threads = 0;
  /** When a text is decoded again, at a higher temperature; see `looksWrong`. */
  float noSpeechThreshold = 0.6f;
  float logProbabilityThreshold = -1;
  float entropyThreshold = 2.4f;
  double timeoutMs = 0;
};

struct Word {
  std::string text;
  double startMs = 0;
  double endMs = 0;
  double probability = 0;
};

struct Transcription {
  std::string text;
  std::string language;
  double languageProbability = 0;
  /** The likeliest one if it is not `language`; otherwise empty. */
  std::string likelierLanguage;
  double likelierProbability = 0;
  double noSpeechProbability = 0;
  double meanLogProbability = 0;
  std::vector<int> tokenIds;
  /** Why whisper.cpp's own encoder replaced another one; empty if there is nothing to report. */
  std::string encoderFailure;
  /** The tokens ran out before the text ended. */
  bool truncated = false;
  /** The text was ended where a repetition loop started. */
  bool looped = false;
  /** Mean log-probability of the text's tokens on the same audio without the prompt, if the prompt contains all its words. */
  std::optional<double> unpromptedLogProbability;
  std::vector<Word> words;
  double melMs = 0;
  double encodeMs = 0;
  double decodeMs = 0;
  double totalMs = 0;
};

struct Outcome {
  Status status = Status::Ok;
  std::string message;
  Transcription value;
  bool wantsWords = false;
  std::size_t sanitized = 0;
};

class OnnxEncoder;

/** Stops a running job; checked by the compute threads between graph nodes. */
class StopSignal {
public:
  virtual ~StopSignal() = default;
  virtual bool shouldStop() const = 0;
};

/** Checks everything that does not need the model's state. @return an empty string, or a sentence on what is wrong */
std::string refuseJob(whisper_context *context, const Job &job);

/**
 * Runs one job on the calling thread. Never throws.
 * `encoder` may be null: then whisper.cpp's own encodes, as it does when that one fails.
 * `state` becomes null when whisper.cpp freed it (out of memory for the key/value cache); the caller makes another.
 */
Outcome transcribe(whisper_context *context, whisper_state *&state, const Job &job, int threads, const StopSignal &stop,
                   OnnxEncoder *encoder);

} // namespace parley
