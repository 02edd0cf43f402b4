/**
 * whisper.cpp as its users run it, for the benchmark of the engine: `stock_whisper MODEL LANES THREADS FLASH TIMESTAMPS` loads a model with
 * LANES states and prints how long that took. Each line of input is then answered by a line of JSON, see src/engine/EngineProcess.ts.
 */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "whisper.h"

namespace {

struct Clip {
  std::vector<float> samples;
  int frames = 0;
  int maxTokens = 0;
  std::string language;
};

struct Settings {
  int lanes = 1;
  int threads = 1;
  bool flashAttention = false;
  /** For times of words, the model decides when a text starts and ends: random weights would end it at once. */
  bool timestampTokens = true;
};

struct Heard {
  std::string text;
  int tokens = 0;
  bool failed = false;
};

double nowMs() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

/** Bytes that are not UTF-8 are left for the reader to replace. */
std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (const char each : text) {
    if (each == '"' || each == '\\') out += '\\';
    if (static_cast<unsigned char>(each) >= 0x20) out += each;
  }
  return out + '"';
}

void answer(const std::string &json) { std::cout << json << std::endl; }

[[noreturn]] void end(const std::string &why) {
  std::cerr << why << std::endl;
  std::exit(1);
}

class Engine {
public:
  Engine(const char *model, const Settings &settings) : settings_(settings) {
    whisper_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    whisper_context_params params = whisper_context_default_params();
    params.use_gpu = false;
    params.flash_attn = settings.flashAttention;
    // Its own state: the only one from which times can be read.
    context_ = whisper_init_from_file_with_params(model, params);
    if (context_ == nullptr) end("whisper.cpp cannot load the model");
    for (int lane = 1; lane < settings.lanes; ++lane) {
      whisper_state *state = whisper_init_state(context_);
      if (state == nullptr) end("whisper.cpp has no memory for a state");
      states_.push_back(state);
    }
  }

  ~Engine() {
    for (whisper_state *state : states_) whisper_free_state(state);
    whisper_free(context_);
  }

  /** Frames, language, token limit and file of 32-bit floats at 16 kHz. */
  void add(std::istream &line) {
    Clip clip;
    std::string path;
    line >> clip.frames >> clip.language >> clip.maxTokens >> std::ws;
    std::getline(line, path);
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) end("there is no " + path);
    clip.samples.resize(static_cast<std::size_t>(file.tellg()) / sizeof(float));
    file.seekg(0);
    file.read(reinterpret_cast<char *>(clip.samples.data()),
              static_cast<std::streamsize>(clip.samples.size() * sizeof(float)));
    clips_.push_back(std::move(clip));
    answer("{}");
  }

  /** One recording alone. The spectrogram is made twice: `whisper_full` needs the samples for the times of words. */
  void hear(std::istream &line) {
    std::size_t index = 0;
    int maxTokens = 0;
    int words = 0;
    line >> index >> maxTokens >> words;
    const Clip &clip = clips_.at(index);
    const double began = nowMs();
    whisper_pcm_to_mel(context_, clip.samples.data(), static_cast<int>(clip.samples.size()), settings_.threads);
    const double melMs = nowMs() - began;
    whisper_reset_timings(context_);
    const double from = nowMs();
    const Heard heard = run(clip, nullptr, maxTokens, words != 0);
    const double totalMs = nowMs() - from;
    const std::unique_ptr<whisper_timings> timings(whisper_get_timings(context_));
    const double encodeMs = timings ? timings->encode_ms : 0;
    if (heard.failed) end("whisper.cpp cannot transcribe");
    std::ostringstream json;
    json << "{\"melMs\":" << melMs << ",\"encodeMs\":" << encodeMs
         << ",\"decodeMs\":" << std::max(0.0, totalMs - encodeMs - melMs) << ",\"totalMs\":" << totalMs
         << ",\"tokens\":" << heard.tokens << ",\"text\":" << quoted(heard.text) << "}";
    answer(json.str());
  }

  /** Many recordings, as many at a time as there are states. */
  void hearAll(std::istream &line) {
    int words = 0;
    line >> words;
    std::vector<std::size_t> order;
    for (std::size_t index = 0; line >> index;) order.push_back(index);
    std::vector<Heard> heard(order.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&](whisper_state *state) {
      for (std::size_t at = next++; at < order.size(); at = next++) {
        heard[at] = run(clips_.at(order[at]), state, 0, words != 0);
      }
    };
    const double began = nowMs();
    std::vector<std::thread> threads;
    for (whisper_state *state : states_) threads.emplace_back(work, state);
    work(nullptr);
    for (std::thread &thread : threads) thread.join();
    const double totalMs = nowMs() - began;
    std::ostringstream json;
    json << "{\"totalMs\":" << totalMs << ",\"texts\":[";
    for (std::size_t at = 0; at < heard.size(); ++at) {
      if (heard[at].failed) end("whisper.cpp cannot transcribe");
      json << (at == 0 ? "" : ",") << quoted(heard[at].text);
    }
    answer(json.str() + "]}");
  }

private:
  /** @param state null: the context's own @param maxTokens 0: as the recording says */
  Heard run(const Clip &clip, whisper_state *state, int maxTokens, bool words) {
    whisper_full_params params = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
    params.n_threads = settings_.threads;
    params.language = clip.language.c_str();
    params.audio_ctx = clip.frames;
    params.no_context = true;
    params.single_segment = true;
    // Times of words use timestamp tokens and the energy of the sound.
    params.token_timestamps = words;
    params.no_timestamps = !words || !settings_.timestampTokens;
    // whisper.cpp stops after one more.
    params.max_tokens = std::max(1, (maxTokens > 0 ? maxTokens : clip.maxTokens) - 1);
    // One try, as for all contestants.
    params.temperature_inc = 0;
    params.greedy.best_of = 1;
    params.print_progress = false;
    params.print_realtime = false;
    params.print_timestamps = false;
    params.print_special = false;
    const int count = static_cast<int>(clip.samples.size());
    Heard heard;
    if (state == nullptr) {
      heard.failed = whisper_full(context_, params, clip.samples.data(), count) != 0;
      for (int i = 0; !heard.failed && i < whisper_full_n_segments(context_); ++i) {
        heard.text += whisper_full_get_segment_text(context_, i);
        heard.tokens += whisper_full_n_tokens(context_, i);
      }
    } else {
      heard.failed = whisper_full_with_state(context_, state, params, clip.samples.data(), count) != 0;
      for (int i = 0; !heard.failed && i < whisper_full_n_segments_from_state(state); ++i) {
        heard.text += whisper_full_get_segment_text_from_state(state, i);
        heard.tokens += whisper_full_n_tokens_from_state(state, i);
      }
    }
    return heard;
  }

  Settings settings_;
  whisper_context *context_ = nullptr;
  /** Besides the context's own. */
  std::vector<whisper_state *> states_;
  std::vector<Clip> clips_;
};

} // namespace

int main(int argc, char **argv) {
  if (argc != 6) end("Use: stock_whisper MODEL LANES THREADS FLASH TIMESTAMPS");
  Settings settings;
  settings.lanes = std::max(1, std::atoi(argv[2]));
  settings.threads = std::max(1, std::atoi(argv[3]));
  settings.flashAttention = std::atoi(argv[4]) != 0;
  settings.timestampTokens = std::atoi(argv[5]) != 0;
  const double began = nowMs();
  Engine engine(argv[1], settings);
  answer("{\"loadMs\":" + std::to_string(nowMs() - began) + "}");
  for (std::string text; std::getline(std::cin, text);) {
    std::istringstream line(text);
    std::string command;
    line >> command;
    if (command == "clip") engine.add(line);
    else if (command == "hear") engine.hear(line);
    else if (command == "all") engine.hearAll(line);
    else end("there is no command " + command);
  }
  return 0;
}
