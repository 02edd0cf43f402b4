#include "greedyDecoder.h"

#include <algorithm>
#include <cmath>

#include "repetitionLoop.h"
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

} // namespace

bool decodeGreedily(whisper_context *context, whisper_state *state, const GreedyRequest &request,
                    const StopSignal &stop, Decoded &decoded) {
  const whisper_token end = whisper_token_eot(context);
  const int textContext = whisper_n_text_ctx(context);
  const std::vector<whisper_token> task = taskTokens(context, request.languageId, request.translate);
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
  AttentionRows attention;
  std::vector<Token> &tokens = decoded.tokens;
  decoded.ended = false;
  /** Position of the first token of `run`, and how many of its tokens are certain. */
  int position = 0;
  std::size_t certain = run.size();
  for (bool first = true; !decoded.ended; first = false) {
    // On a GPU nothing below looks: ggml asks between the nodes of a CPU's graph alone.
    if (stop.shouldStop()) return false;
    const std::size_t room = std::min(request.maxTokens - tokens.size(), static_cast<std::size_t>(textContext - position) - certain);
    const std::vector<whisper_token> guess = draft.next(room);
    run.insert(run.end(), guess.begin(), guess.end());
    const std::size_t wanted = first ? start : certain - 1;
    const access::DecoderRun decoderRun{run, position, wanted, request.threads, request.attention};
    if (!access::runDecoder(context, state, decoderRun)) return false;
    if (first) access::noteNoSpeech(context, state, access::logitsAfter(context, state, start));

    const std::size_t given = first ? start : 0;
    if (request.attention) attention.takeLastRun(state, given, run.size() - given);

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
  // The row of the last token, where it was looked at, tells where it ends.
  decoded.textRows.push_back(tokens.empty() ? 0 : decoded.textRows.back() + 1);
  if (request.attention) decoded.attention = attention.all();
  return true;
}

} // namespace parley
