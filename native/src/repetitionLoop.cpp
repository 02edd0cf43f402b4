#include "repetitionLoop.h"

#include <algorithm>
#include <limits>
#include <set>

namespace parley {

namespace {

/** If the heads that follow the audio are not known, there are hundreds, and their rows would take hundreds of megabytes. */
constexpr int kMostHeads = 64;
/** A repetition has at least this many tokens, and this many different ones. */
constexpr std::size_t kShortestRepeat = 4;
/** To say them again takes at least 300 ms: this many frames. */
constexpr int kFramesOfRepeat = 15;

/** Two stretches of a text, by their first tokens. */
struct Copies {
  std::size_t first;
  std::size_t second;
  std::size_t length;
};

/** Whether the second stretch repeats the first, in tokens and in audio. */
bool isRepeated(const Decoded &decoded, const AttentionRows &attention, const Copies &copies) {
  const auto [first, second, length] = copies;
  const std::vector<Token> &tokens = decoded.tokens;
  std::set<whisper_token> different;
  for (std::size_t i = 0; i < length; ++i) {
    if (tokens[first + i].data.id != tokens[second + i].data.id) return false;
    different.insert(tokens[first + i].data.id);
  }
  if (different.size() < kShortestRepeat) return false;
  std::vector<int> later;
  int from[2] = {std::numeric_limits<int>::max(), std::numeric_limits<int>::max()};
  int to[2] = {0, 0};
  for (std::size_t i = 0; i < length; ++i) {
    int frames[2];
    for (const int copy : {0, 1}) {
      frames[copy] = attention.frameOf(static_cast<std::size_t>(decoded.textRows[(copy == 0 ? first : second) + i]));
      if (frames[copy] < 0) return false;
      from[copy] = std::min(from[copy], frames[copy]);
      to[copy] = std::max(to[copy], frames[copy]);
    }
    later.push_back(frames[1] - frames[0]);
  }
  std::nth_element(later.begin(), later.begin() + static_cast<std::ptrdiff_t>(length / 2), later.end());
  return later[length / 2] < kFramesOfRepeat || 3 * (to[1] - from[1]) < to[0] - from[0];
}

} // namespace

std::vector<whisper_token> taskTokens(whisper_context *context, int languageId, bool translate) {
  std::vector<whisper_token> tokens = {whisper_token_sot(context)};
  if (whisper_is_multilingual(context)) {
    tokens.push_back(whisper_token_lang(context, std::max(0, languageId)));
    tokens.push_back(translate ? whisper_token_translate(context) : whisper_token_transcribe(context));
  }
  tokens.push_back(whisper_token_not(context));
  return tokens;
}

void AttentionRows::takeLastRun(const whisper_state *state, std::size_t from, std::size_t count) {
  if (!complete_ || !access::attentionAfter(state, run_)) complete_ = false;
  else take(run_, from, count);
}

void AttentionRows::take(const access::Attention &run, std::size_t from, std::size_t count) {
  if (!complete_ || run.heads > kMostHeads) {
    complete_ = false;
    return;
  }
  frames_ = run.frames;
  heads_ = run.heads;
  const std::size_t planes = static_cast<std::size_t>(run.heads) * run.frames;
  for (std::size_t row = from; row < from + count; ++row) {
    for (std::size_t plane = 0; plane < planes; ++plane) rows_.push_back(run.weights[plane * run.tokens + row]);
    ++count_;
  }
}

void AttentionRows::drop(std::size_t count) {
  if (!complete_ || count_ < count) return;
  count_ -= count;
  rows_.resize(count_ * static_cast<std::size_t>(heads_) * frames_);
}

int AttentionRows::frameOf(std::size_t row) const {
  if (!complete_ || row >= count_) return -1;
  const float *planes = rows_.data() + row * static_cast<std::size_t>(heads_) * frames_;
  int best = 0;
  float most = -1;
  for (int frame = 0; frame < frames_; ++frame) {
    float sum = 0;
    for (int head = 0; head < heads_; ++head) sum += planes[head * frames_ + frame];
    if (sum > most) {
      most = sum;
      best = frame;
    }
  }
  return best;
}

access::Attention AttentionRows::all() const {
  access::Attention attention;
  if (!complete_ || count_ == 0) return attention;
  const std::size_t planes = static_cast<std::size_t>(heads_) * frames_;
  attention.tokens = static_cast<int>(count_);
  attention.frames = frames_;
  attention.heads = heads_;
  attention.weights.resize(planes * count_);
  for (std::size_t row = 0; row < count_; ++row) {
    for (std::size_t plane = 0; plane < planes; ++plane) {
      attention.weights[plane * count_ + row] = rows_[row * planes + plane];
    }
  }
  return attention;
}

bool cutLoop(Decoded &decoded, const AttentionRows &attention) {
  std::vector<Token> &tokens = decoded.tokens;
  for (std::size_t length = kShortestRepeat; 2 * length <= tokens.size(); ++length) {
    const std::size_t second = tokens.size() - length;
    if (!isRepeated(decoded, attention, {second - length, second, length})) continue;
    tokens.resize(tokens.size() - length);
    decoded.textRows.resize(tokens.size());
    decoded.looped = true;
    decoded.ended = true;
    return true;
  }
  return false;
}

bool repeatsItself(whisper_context *context, whisper_state *state, int languageId, bool translate, int threads,
                   Decoded &decoded) {
  if (decoded.tokens.empty()) return false;
  std::vector<whisper_token> sequence = taskTokens(context, languageId, translate);
  // A row tells of the token after it.
  const std::size_t firstRow = sequence.size() - 1;
  for (const Token &token : decoded.tokens) sequence.push_back(token.data.id);
  if (sequence.size() > static_cast<std::size_t>(whisper_n_text_ctx(context))) return false;
  access::Attention attention;
  if (!access::attentionOf(context, state, sequence, threads, attention)) return false;
  AttentionRows rows;
  rows.take(attention, 0, static_cast<std::size_t>(attention.tokens));
  decoded.attention = std::move(attention);
  for (std::size_t i = 0; i <= decoded.tokens.size(); ++i) decoded.textRows.push_back(static_cast<int>(firstRow + i));
  for (std::size_t second = kShortestRepeat; second + kShortestRepeat <= decoded.tokens.size(); ++second) {
    for (std::size_t first = 0; first + kShortestRepeat <= second; ++first) {
      if (isRepeated(decoded, rows, {first, second, kShortestRepeat})) return true;
    }
  }
  return false;
}

} // namespace parley
