#include "resultText.h"

#include <algorithm>
#include <array>

#include "utf8.h"
#include "whisper.h"

namespace parley {

namespace {

struct Token {
  const char *bytes;
  whisper_token_data data;
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
  WordBuilder(double limitMs, bool withoutSpaces) : limitMs_(limitMs), withoutSpaces_(withoutSpaces) {}

  void add(const Token &token) {
    const std::string_view bytes(token.bytes);
    const bool complete = completeUtf8Prefix(bytes_) == bytes_.size();
    if (count_ > 0 && complete && (bytes.starts_with(' ') || withoutSpaces_)) finish();
    if (count_ == 0) start_ = static_cast<double>(token.data.t0) * 10;
    bytes_ += bytes;
    end_ = static_cast<double>(token.data.t1) * 10;
    probability_ += token.data.p;
    ++count_;
  }

  void finish() {
    if (count_ == 0) return;
    const std::string valid = validUtf8(bytes_);
    const std::string_view text = trimmed(valid);
    if (!text.empty()) {
      // Token times are estimates: keep them in order and inside the audio.
      const double start = std::clamp(start_, floor_, limitMs_);
      const double end = std::clamp(end_, start, limitMs_);
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
  std::string bytes_;
  double start_ = 0;
  double end_ = 0;
  double floor_ = 0;
  double probability_ = 0;
  int count_ = 0;
  std::vector<Word> words_;
};

} // namespace

void collectText(whisper_context *context, whisper_state *state, const Job &job, Transcription &value) {
  const std::vector<Token> tokens = textTokens(context, state, static_cast<std::size_t>(job.maxTokens));
  std::string bytes;
  double sum = 0;
  WordBuilder words(job.audio.givenMs(), writesWithoutSpaces(value.language));
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
