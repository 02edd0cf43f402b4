#include "OpusBinding.h"

#include <opus/opus.h>

#include "opusPacket.h"

namespace parley {
namespace {

/** Ours, beside libopus's own which are all above -10: the packet is not valid, the argument is not usable. */
constexpr int kInvalidPacket = -100;
constexpr int kInvalidArgument = -101;
constexpr int kClosed = -102;

constexpr int kDecoderRate = 16000;
/** 120 ms at 16 kHz. */
constexpr int kMaxSamples = 1920;

struct Packet {
  const std::uint8_t* data = nullptr;
  std::size_t length = 0;
  bool valid = false;
};

Packet packetOf(const Napi::CallbackInfo& info, std::size_t index) {
  if (info.Length() <= index || !info[index].IsTypedArray()) return {};
  const auto array = info[index].As<Napi::TypedArray>();
  if (array.TypedArrayType() != napi_uint8_array) return {};
  const auto bytes = array.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.ByteLength(), true};
}

struct Output {
  std::int16_t* data = nullptr;
  int capacity = 0;
};

Output outputOf(const Napi::CallbackInfo& info, std::size_t index) {
  if (info.Length() <= index || !info[index].IsTypedArray()) return {};
  const auto array = info[index].As<Napi::TypedArray>();
  if (array.TypedArrayType() != napi_int16_array) return {};
  const auto samples = array.As<Napi::Int16Array>();
  return {samples.Data(), static_cast<int>(std::min<std::size_t>(samples.ElementLength(), kMaxSamples * 3))};
}

int countOf(const Napi::CallbackInfo& info, std::size_t index) {
  return info.Length() > index && info[index].IsNumber() ? info[index].As<Napi::Number>().Int32Value() : -1;
}

/** Answers counts of samples, or a negative number that the typed wrapper turns into an error: no exception crosses here. */
class OpusDecoderBinding : public Napi::ObjectWrap<OpusDecoderBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "OpusDecoder",
                       {InstanceMethod<&OpusDecoderBinding::decode>("decode"),
                        InstanceMethod<&OpusDecoderBinding::conceal>("conceal"),
                        InstanceMethod<&OpusDecoderBinding::decodeFec>("decodeFec"),
                        InstanceMethod<&OpusDecoderBinding::reset>("reset"),
                        InstanceMethod<&OpusDecoderBinding::close>("close")});
  }

  explicit OpusDecoderBinding(const Napi::CallbackInfo& info) : Napi::ObjectWrap<OpusDecoderBinding>(info) {
    int error = OPUS_OK;
    decoder_ = opus_decoder_create(kDecoderRate, 1, &error);
    if (error != OPUS_OK) decoder_ = nullptr;
  }

  ~OpusDecoderBinding() override { destroy(); }

 private:
  Napi::Value decode(const Napi::CallbackInfo& info) {
    const Packet packet = packetOf(info, 0);
    const Output out = outputOf(info, 1);
    return number(info, decodePacket(packet, out));
  }

  Napi::Value conceal(const Napi::CallbackInfo& info) {
    const int samples = countOf(info, 0);
    const Output out = outputOf(info, 1);
    if (decoder_ == nullptr) return number(info, kClosed);
    if (!usable(samples, out)) return number(info, kInvalidArgument);
    return number(info, opus_decode(decoder_, nullptr, 0, out.data, samples, 0));
  }

  Napi::Value decodeFec(const Napi::CallbackInfo& info) {
    const Packet packet = packetOf(info, 0);
    const int samples = countOf(info, 1);
    const Output out = outputOf(info, 2);
    if (decoder_ == nullptr) return number(info, kClosed);
    if (!packet.valid || !usable(samples, out)) return number(info, kInvalidArgument);
    if (!parseOpusPacket(packet.data, packet.length)) return number(info, kInvalidPacket);
    // Without redundancy inside, libopus conceals.
    return number(info,
                  opus_decode(decoder_, packet.data, static_cast<opus_int32>(packet.length), out.data, samples, 1));
  }

  Napi::Value reset(const Napi::CallbackInfo& info) {
    if (decoder_ != nullptr) opus_decoder_ctl(decoder_, OPUS_RESET_STATE);
    return info.Env().Undefined();
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    destroy();
    return info.Env().Undefined();
  }

  int decodePacket(const Packet& packet, const Output& out) {
    if (decoder_ == nullptr) return kClosed;
    if (!packet.valid || out.data == nullptr) return kInvalidArgument;
    const auto parsed = parseOpusPacket(packet.data, packet.length);
    if (!parsed) return kInvalidPacket;
    if (parsed->durationSamples48k / 3 > out.capacity) return kInvalidArgument;
    return opus_decode(decoder_, packet.data, static_cast<opus_int32>(packet.length), out.data, out.capacity, 0);
  }

  static bool usable(int samples, const Output& out) {
    return out.data != nullptr && samples > 0 && samples % 40 == 0 && samples <= kMaxSamples && samples <= out.capacity;
  }

  static Napi::Value number(const Napi::CallbackInfo& info, int value) { return Napi::Number::New(info.Env(), value); }

  void destroy() {
    if (decoder_ != nullptr) opus_decoder_destroy(decoder_);
    decoder_ = nullptr;
  }

  OpusDecoder* decoder_ = nullptr;
};

Napi::Value opusPacketInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Packet packet = packetOf(info, 0);
  const auto parsed = packet.valid ? parseOpusPacket(packet.data, packet.length) : std::nullopt;
  if (!parsed) return env.Null();
  auto result = Napi::Object::New(env);
  result.Set("durationSamples48k", Napi::Number::New(env, parsed->durationSamples48k));
  result.Set("frames", Napi::Number::New(env, parsed->frames));
  result.Set("stereo", Napi::Boolean::New(env, parsed->stereo));
  result.Set("hasFec", Napi::Boolean::New(env, parsed->hasFec));
  return result;
}

}  // namespace

void exportOpus(Napi::Env env, Napi::Object exports) {
  exports.Set("opusPacketInfo", Napi::Function::New(env, opusPacketInfo, "opusPacketInfo"));
  exports.Set("OpusDecoder", OpusDecoderBinding::define(env));
}

}  // namespace parley
