#include "greedyDecoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "sumOfExponentials.h"

namespace parley {

namespace {

/** How far to search the draft after the text has left it. */
constexpr std::size_t kLookAhead = 4;
/** Tokens of a draft that are tried at once after the text has left it; doubled with each success. */
constexpr std::size_t kFirstTrial = 4;

/** The likeliest text token. Specials and timestamps are excluded, and a text starts with a word. */
whisper_token_data likeliest(whisper_context *context, const float *logits, bool first) {
  const whisper_token end = whisper_token_eot(context);
  const whisper_token space = access::spaceToken(context);
  const auto likelierOf = [&](whisper_token from, whisper_token to, whisper_token best) {
    const auto found = static_cast<whisper_token>(std::max_element(logits + from, logits + to) - logits);
    return best < 0 || logits[found] > logits[best] ? found : best;
  };
  const whisper_token best = first ? likelierOf(space + 1, end, likelierOf(0, space, -1)) : likelierOf(0, end + 1, -1);
  const auto sum = [&](whisper_token from, whisper_token to) {
    return sumOfExponentials(logits + from, static_cast<std::size_t>(to - from), logits[best]);
  };
  const double total = first ? sum(0, space) + sum(space + 1, end) : sum(0, end + 1);
  whisper_token_data data{};
  data.id = best;
  data.plog = static_cast<float>(-std::log(total));
  data.p = static_cast<float>(1 / total);
  return data;
}

/** Proposes the next tokens from a draft that the text follows, leaves and returns to. */
class Draft {
public:
  explicit Draft(const std::vector<whisper_token> &tokens) : tokens_(tokens), trial_(tokens.size()) {}

  /** The next tokens, at most `most`; none if the text has left the draft. */
  std::vector<whisper_token> next(std::size_t most) const {
    if (!follows_) return {};
    const std::size_t count = std::min({most, trial_, tokens_.size() - at_});
    return {tokens_.begin() + static_cast<std::ptrdiff_t>(at_), tokens_.begin() + static_cast<std::ptrdiff_t>(at_ + count)};
  }

  void took(whisper_token token) {
    if (follows_ && at_ < tokens_.size() && tokens_[at_] == token) {
      ++at_;
      return;
    }
    const auto from = tokens_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto to = tokens_.begin() + static_cast<std::ptrdiff_t>(std::min(at_ + kLookAhead, tokens_.size()));
    const auto found = std::find(from, to, token);
    follows_ = found != to;
    if (follows_) at_ = static_cast<std::size_t>(found - tokens_.begin()) + 1;
    trial_ = kFirstTrial;
  }

  void heldAll() { trial_ *= 2; }

private:
  const std::vector<whisper_token> &tokens_;
  std::size_t at_ = 0;
  std::size_t trial_;
  bool follows_ = true;
};

/** If the alignment heads are unknown there are hundreds, and a text's rows would take hundreds of megabytes. */
constexpr int kMostHeads = 64;

/** Collects the rows of attention that belong to the text. */
class AttentionRows {
public:
  explicit AttentionRows(const whisper_state *state) : state_(state) {}

  /** Takes `count` rows of the last run, starting at `from`. */
  void take(std::size_t from, std::size_t count) {
    if (!complete_ || !access::attentionAfter(state_, run_) || run_.heads > kMostHeads) {
      complete_ = false;
      return;
    }
    frames_ = run_.frames;
    heads_ = run_.heads;
    const std::size_t planes = static_cast<std::size_t>(run_.heads) * run_.frames;
    for (std::size_t row = from; row < from + count; ++row) {
      for (std::size_t plane = 0; plane < planes; ++plane) rows_.push_back(run_.weights[plane * run_.tokens + row]);
      ++count_;
    }
  }

  /** Removes the last rows: those of tokens that were wrong guesses. */
  void drop(std::size_t count) {
    if (!complete_ || count_ < count) return;
    count_ -= count;
    rows_.resize(count_ * static_cast<std::size_t>(heads_) * frames_);
  }

  /** The frame with most of a row's attention; -1 if unknown. */
  int frameOf(std::size_t row) const {
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

  access::Attention all() const {
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

private:
  const whisper_state *state_;
  access::Attention run_;
  std::vector<float> rows_;
  std::size_t count_ = 0;
  int frames_ = 0;
  int heads_ = 0;
  bool complete_ = true;
};

/** This many tokens, this many of them different, are a real repeat only if they have their own time in the audio. */
constexpr std::size_t kShortestRepeat = 4;
/** Frames that they take at least: 300 ms. */
constexpr int kFramesOfRepeat = 15;

/**
 * Whether the last `length` tokens of a text repeat those before them while the decoder looked at the same audio again, or at none: a
 * repetition loop. When people repeat themselves, the words come later in the audio.
 */
bool isRepetitionLoop(const Decoded &decoded, const AttentionRows &attention, std::size_t length) {
  const std::vector<Token> &tokens = decoded.tokens;
  const std::size_t second = tokens.size() - length;
  const std::size_t first = second - length;
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

/** Cuts a repetition loop off the end of a text. @return whether there was one */
bool cutLoop(Decoded &decoded, const AttentionRows &attention) {
  std::vector<Token> &tokens = decoded.tokens;
  for (std::size_t length = kShortestRepeat; 2 * length <= tokens.size(); ++length) {
    if (!isRepetitionLoop(decoded, attention, length)) continue;
    tokens.resize(tokens.size() - length);
    decoded.textRows.resize(tokens.size());
    decoded.looped = true;
    decoded.ended = true;
    return true;
  }
  return false;
}

std::vector<whisper_token> taskTokens(whisper_context *context, const GreedyRequest &request) {
  std::vector<whisper_token> tokens = {whisper_token_sot(context)};
  if (whisper_is_multilingual(context)) {
    tokens.push_back(whisper_token_lang(context, std::max(0, request.languageId)));
    tokens.push_back(request.translate ? whisper_token_translate(context) : whisper_token_transcribe(context));
  }
  tokens.push_back(whisper_token_not(context));
  return tokens;
}

} // namespace

bool decodeGreedily(whisper_context *context, whisper_state *state, const GreedyRequest &request,
                    const StopSignal &stop, Decoded &decoded) {
  const whisper_token end = whisper_token_eot(context);
  const int textContext = whisper_n_text_ctx(context);
  const std::vector<whisper_token> task = taskTokens(context, request);
  std::vector<whisper_token> run;
  if (!request.prompt.empty()) {
    const std::size_t most = static_cast<std::size_t>(textContext) / 2 - 1;
    const std::size_t count = std::min(request.prompt.size(), most);
    run.push_back(whisper_token_prev(context));
    run.insert(run.end(), request.prompt.end() - static_cast<std::ptrdiff_t>(count), request.prompt.end());
  }
  const std::size_t start = run.size();
  run.insert(run.end(), task.begin(), task.end());

  Draft draft(request.draft);
  AttentionRows attention(state);
  std::vector<Token> &tokens = decoded.tokens;
  decoded.ended = false;
  /** Position of the first token of `run`, and how many of its tokens are certain. */
  int position = 0;
  std::size_t certain = run.size();
  for (bool first = true; !decoded.ended; first = false) {
    // On a GPU nothing below checks: ggml asks only between the nodes of a CPU's graph.
    if (stop.shouldStop()) return false;
    const std::size_t room = std::min(request.maxTokens - tokens.size(), static_cast<std::size_t>(textContext - position) - certain);
    const std::vector<whisper_token> guess = draft.next(room);
    run.insert(run.end(), guess.begin(), guess.end());
    const std::size_t wanted = first ? start : certain - 1;
    const access::DecoderRun decoderRun{run, position, wanted, request.threads, request.attention};
    if (!access::runDecoder(context, state, decoderRun)) return false;
    if (first) access::noteNoSpeech(context, state, access::logitsAfter(context, state, start));

    const std::size_t given = first ? start : 0;
    if (request.attention) attention.take(given, run.size() - given);

    std::size_t held = 0;
    whisper_token_data next{};
    for (;; ++held) {
      next = likeliest(context, access::logitsAfter(context, state, certain - 1 + held), tokens.empty());
      if (next.id == end) decoded.ended = true;
      if (decoded.ended) break;
      decoded.textRows.push_back(static_cast<int>(task.size() - 1 + tokens.size()));
      tokens.push_back({whisper_token_to_str(context, next.id), next});
      draft.took(next.id);
      if (request.attention && cutLoop(decoded, attention)) break;
      if (tokens.size() == request.maxTokens || held == guess.size() || guess[held] != next.id) break;
    }
    if (held == guess.size() && held > 0) draft.heldAll();
    attention.drop(guess.size() - held);
    if (tokens.size() == request.maxTokens) break;
    position += static_cast<int>(certain + held);
    if (position >= textContext) break;
    run.assign(1, next.id);
    certain = 1;
  }
  // The row of the last token, if there is one, shows where the token ends.
  decoded.textRows.push_back(tokens.empty() ? 0 : decoded.textRows.back() + 1);
  if (request.attention) decoded.attention = attention.all();
  return true;
}

} // namespace parley
