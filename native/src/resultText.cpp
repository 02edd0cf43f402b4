#include "resultText.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "utf8.h"
#include "whisper.h"
#include "wordAlignment.h"

namespace parley {

namespace {

struct Token {
  const char *bytes;
  whisper_token_data data;
  double startMs = 0;
  double endMs = 0;
};

constexpr double kFrameMs = 20;
/** Levels are taken over so many samples (10 ms). */
constexpr std::size_t kHop = 160;
/** A stretch at the edge of a word that is so much quieter than the word is not of it. */
constexpr float kQuietShare = 0.08f;

/** The loudness of the audio in steps of 10 ms. */
class Levels {
public:
  explicit Levels(const AudioInput &audio) {
    const std::size_t given = std::min(audio.given, audio.samples.size());
    for (std::size_t from = 0; from < given; from += kHop) {
      const std::size_t to = std::min(given, from + kHop);
      float sum = 0;
      for (std::size_t i = from; i < to; ++i) sum += audio.samples[i] * audio.samples[i];
      levels_.push_back(std::sqrt(sum / static_cast<float>(to - from)));
    }
  }

  /** Takes what is quiet at the edges off a stretch; pauses go to no word. */
  void trim(double &startMs, double &endMs) const {
    std::size_t from = std::min(levels_.size(), static_cast<std::size_t>(startMs / 10));
    std::size_t to = std::min(levels_.size(), static_cast<std::size_t>(endMs / 10));
    if (to <= from + 2) return;
    const float quiet = *std::max_element(levels_.begin() + from, levels_.begin() + to) * kQuietShare;
    while (from + 2 < to && levels_[from] < quiet) ++from;
    while (to > from + 2 && levels_[to - 1] < quiet) --to;
    startMs = std::max(startMs, static_cast<double>(from) * 10);
    endMs = std::min(endMs, static_cast<double>(to) * 10);
  }

  /** From the first to the last sound. */
  FrameRange loudFrames() const {
    if (levels_.empty()) return {};
    const float quiet = *std::max_element(levels_.begin(), levels_.end()) * kQuietShare;
    const auto loud = [quiet](float level) { return level > quiet; };
    const auto first = std::find_if(levels_.begin(), levels_.end(), loud) - levels_.begin();
    const auto last = std::find_if(levels_.rbegin(), levels_.rend(), loud).base() - levels_.begin();
    return {static_cast<int>(first * 10 / kFrameMs), static_cast<int>(std::ceil(last * 10 / kFrameMs))};
  }

private:
  std::vector<float> levels_;
};

std::vector<Token> textTokens(whisper_context *context, whisper_state *state, std::size_t limit) {
  const whisper_token end = whisper_token_eot(context);
  std::vector<Token> tokens;
  const int segments = whisper_full_n_segments_from_state(state);
  for (int segment = 0; segment < segments; ++segment) {
    const int count = whisper_full_n_tokens_from_state(state, segment);
    for (int i = 0; i < count && tokens.size() < limit; ++i) {
      const whisper_token_data data = whisper_full_get_token_data_from_state(state, segment, i);
      if (data.id >= end) continue;
      tokens.push_back({whisper_token_to_str(context, data.id), data});
    }
  }
  return tokens;
}

/** Scripts without spaces between words: there, every complete character sequence of tokens is a word of its own. */
bool writesWithoutSpaces(const std::string &language) {
  static constexpr std::array codes = {"zh", "ja", "th", "lo", "my", "yue", "km", "bo"};
  return std::find(codes.begin(), codes.end(), language) != codes.end();
}

/** Gathers tokens until the next word starts. */
class WordBuilder {
public:
  WordBuilder(const AudioInput &audio, bool withoutSpaces)
      : limitMs_(audio.givenMs()), withoutSpaces_(withoutSpaces), levels_(audio) {}

  void add(const Token &token) {
    const std::string_view bytes(token.bytes);
    const bool complete = completeUtf8Prefix(bytes_) == bytes_.size();
    if (count_ > 0 && complete && (bytes.starts_with(' ') || withoutSpaces_)) finish();
    if (count_ == 0) start_ = token.startMs;
    bytes_ += bytes;
    end_ = token.endMs;
    probability_ += token.data.p;
    ++count_;
  }

  void finish() {
    if (count_ == 0) return;
    const std::string valid = validUtf8(bytes_);
    const std::string_view text = trimmed(valid);
    if (!text.empty()) {
      // Token times are estimates: keep them in order and inside the audio.
      double start = std::clamp(start_, floor_, limitMs_);
      double end = std::clamp(end_, start, limitMs_);
      levels_.trim(start, end);
      words_.push_back({std::string(text), start, end, probability_ / count_});
      floor_ = end;
    }
    bytes_.clear();
    probability_ = 0;
    count_ = 0;
  }

  std::vector<Word> take() {
    finish();
    return std::move(words_);
  }

private:
  double limitMs_;
  bool withoutSpaces_;
  Levels levels_;
  std::string bytes_;
  double start_ = 0;
  double end_ = 0;
  double floor_ = 0;
  double probability_ = 0;
  int count_ = 0;
  std::vector<Word> words_;
};

/** Gives tokens their times. Where the model cannot tell, they share the audio evenly. */
void placeTokens(whisper_context *context, whisper_state *state, const Job &job, int languageId, int threads,
                 std::vector<Token> &tokens) {
  std::vector<whisper_token> ids;
  for (const Token &token : tokens) ids.push_back(token.data.id);
  const FrameRange range = Levels(job.audio).loudFrames();
  const std::vector<int> starts = alignTokens(context, state, ids, languageId, range, threads);
  const double share = job.audio.givenMs() / static_cast<double>(std::max<std::size_t>(1, tokens.size()));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool known = starts.size() == tokens.size() + 1;
    tokens[i].startMs = known ? starts[i] * kFrameMs : share * static_cast<double>(i);
    tokens[i].endMs = known ? starts[i + 1] * kFrameMs : share * static_cast<double>(i + 1);
  }
}

} // namespace

void collectText(whisper_context *context, whisper_state *state, const Job &job, int threads, Transcription &value) {
  std::vector<Token> tokens = textTokens(context, state, static_cast<std::size_t>(job.maxTokens));
  std::string bytes;
  double sum = 0;
  if (job.words) placeTokens(context, state, job, whisper_lang_id(value.language.c_str()), threads, tokens);
  WordBuilder words(job.audio, writesWithoutSpaces(value.language));
  for (const Token &token : tokens) {
    bytes += token.bytes;
    sum += token.data.plog;
    if (job.words) words.add(token);
  }
  const std::string valid = validUtf8(bytes);
  value.text = std::string(trimmed(valid));
  value.tokens = static_cast<int>(tokens.size());
  value.meanLogProbability = value.text.empty() ? 0 : sum / static_cast<double>(tokens.size());
  if (job.words) value.words = words.take();
}

} // namespace parley
