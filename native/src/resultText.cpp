#include "resultText.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "scripts.h"
#include "utf8.h"
#include "whisperAccess.h"
#include "wordAlignment.h"

namespace parley {

namespace {

constexpr double kFrameMs = 20;
/** Samples per level (10 ms). */
constexpr std::size_t kHop = 160;
/** Audio at the edge of a word below this share of the word's level is not part of it. */
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

  /** Removes quiet audio from both edges; pauses belong to no word. */
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

/** The words of a text in the form used to compare them: letters and digits, ASCII in lower case. */
std::set<std::string> comparedWords(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (byte >= 0x80 || (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z')) word += lower;
    else if (!word.empty()) words.insert(std::exchange(word, {}));
  }
  if (!word.empty()) words.insert(word);
  return words;
}

/** Whether a text may be a mere echo: the prompt contains every word of it. */
bool mayEcho(std::string_view text, std::string_view prompt) {
  if (text.empty() || prompt.empty()) return false;
  const std::set<std::string> said = comparedWords(text);
  const std::set<std::string> given = comparedWords(prompt);
  return !said.empty() && std::includes(given.begin(), given.end(), said.begin(), said.end());
}

/** Collects tokens until the next word starts. */
class WordBuilder {
public:
  explicit WordBuilder(const AudioInput &audio) : limitMs_(audio.givenMs()), levels_(audio) {}

  void add(const Token &token) {
    if (character_.count == 0) character_.startMs = token.startMs;
    character_.bytes += token.bytes;
    character_.endMs = token.endMs;
    character_.probability += token.data.p;
    ++character_.count;
    if (completeUtf8Prefix(character_.bytes) == character_.bytes.size()) addCharacters();
  }

  std::vector<Word> take() {
    addCharacters();
    finish();
    return std::move(words_);
  }

private:
  struct Piece {
    std::string bytes;
    double startMs = 0;
    double endMs = 0;
    double probability = 0;
    int count = 0;
  };

  /** Adds tokens that together are whole characters. */
  void addCharacters() {
    if (character_.count == 0) return;
    const std::string valid = validUtf8(character_.bytes);
    if (word_.count > 0 && (valid.starts_with(' ') || endsWordBetween(word_.bytes, valid))) finish();
    if (word_.count == 0) word_.startMs = character_.startMs;
    word_.bytes += valid;
    word_.endMs = character_.endMs;
    word_.probability += character_.probability;
    word_.count += character_.count;
    character_ = {};
  }

  void finish() {
    const Piece word = std::exchange(word_, {});
    const std::string_view text = trimmed(word.bytes);
    if (text.empty()) return;
    // Token times are estimates: keep them in order and inside the audio.
    double start = std::clamp(word.startMs, floor_, limitMs_);
    double end = std::clamp(word.endMs, start, limitMs_);
    levels_.trim(start, end);
    words_.push_back({std::string(text), start, end, word.probability / word.count});
    floor_ = end;
  }

  double limitMs_;
  Levels levels_;
  Piece character_;
  Piece word_;
  double floor_ = 0;
  std::vector<Word> words_;
};

/** Gives tokens their times. If the model has none, they share the audio evenly. */
void placeTokens(whisper_context *context, whisper_state *state, const Job &job, int languageId, int threads,
                 Decoded &decoded) {
  std::vector<Token> &tokens = decoded.tokens;
  const FrameRange range = Levels(job.audio).loudFrames();
  std::vector<int> starts;
  if (decoded.attention.tokens > 0) {
    starts = alignRows(decoded.attention, decoded.textRows, range);
  }
  if (starts.empty()) {
    std::vector<whisper_token> ids;
    for (const Token &token : tokens) ids.push_back(token.data.id);
    starts = alignTokens(context, state, ids, languageId, range, threads);
  }
  const double share = job.audio.givenMs() / static_cast<double>(std::max<std::size_t>(1, tokens.size()));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool known = starts.size() == tokens.size() + 1;
    tokens[i].startMs = known ? starts[i] * kFrameMs : share * static_cast<double>(i);
    tokens[i].endMs = known ? starts[i + 1] * kFrameMs : share * static_cast<double>(i + 1);
  }
}

} // namespace

double Decoded::meanLogProbability() const {
  if (tokens.empty()) return 0;
  if (rescored) return *rescored;
  const auto add = [](double sum, const Token &token) { return sum + token.data.plog; };
  return std::accumulate(tokens.begin(), tokens.end(), 0.0, add) / static_cast<double>(tokens.size());
}

std::optional<double> unpromptedLogProbability(whisper_context *context, whisper_state *state, const Decoded &decoded,
                                               int languageId, bool translate, int threads) {
  std::vector<whisper_token> sequence = {whisper_token_sot(context)};
  if (whisper_is_multilingual(context)) {
    sequence.push_back(whisper_token_lang(context, std::max(0, languageId)));
    sequence.push_back(translate ? whisper_token_translate(context) : whisper_token_transcribe(context));
  }
  sequence.push_back(whisper_token_not(context));
  const std::size_t firstText = sequence.size();
  for (const Token &token : decoded.tokens) sequence.push_back(token.data.id);
  double mean = 0;
  if (!access::meanLogProbabilityOf(context, state, sequence, firstText, threads, mean)) return {};
  return mean;
}

Decoded readDecoded(whisper_context *context, whisper_state *state, std::size_t limit) {
  const whisper_token end = whisper_token_eot(context);
  Decoded decoded;
  const int segments = whisper_full_n_segments_from_state(state);
  decoded.ended = segments == 0;
  for (int segment = 0; segment < segments; ++segment) {
    const int count = whisper_full_n_tokens_from_state(state, segment);
    for (int i = 0; i < count; ++i) {
      const whisper_token_data data = whisper_full_get_token_data_from_state(state, segment, i);
      if (data.id == end) decoded.ended = true;
      if (data.id >= end) continue;
      if (decoded.tokens.size() < limit) decoded.tokens.push_back({whisper_token_to_str(context, data.id), data});
      else decoded.ended = false;
    }
  }
  return decoded;
}

void collectText(whisper_context *context, whisper_state *state, const Job &job, int threads, Decoded &decoded,
                 Transcription &value) {
  std::vector<Token> &tokens = decoded.tokens;
  const int languageId = whisper_lang_id(value.language.c_str());
  if (job.words) placeTokens(context, state, job, languageId, threads, decoded);
  std::string bytes;
  WordBuilder words(job.audio);
  for (const Token &token : tokens) {
    bytes += token.bytes;
    if (job.words) words.add(token);
  }
  const std::string valid = validUtf8(bytes);
  value.text = std::string(trimmed(valid));
  for (const Token &token : tokens) value.tokenIds.push_back(token.data.id);
  value.truncated = !decoded.ended;
  value.looped = decoded.looped;
  value.meanLogProbability = value.text.empty() ? 0 : decoded.meanLogProbability();
  if (job.words) value.words = words.take();
  if (mayEcho(value.text, job.prompt)) {
    value.unpromptedLogProbability =
        unpromptedLogProbability(context, state, decoded, languageId, job.translate, threads);
  }
}

} // namespace parley
