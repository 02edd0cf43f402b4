#include "OpusBinding.h"

#include <opus.h>

#include <memory>

#include "OpusDecoder.h"
#include "opusPacket.h"

namespace parley {

namespace {

// Beside libopus's own codes, which are all above -10; the typed wrapper makes errors of them.
constexpr int kInvalidPacket = -100;
constexpr int kInvalidArgument = -101;
constexpr int kClosed = -102;

bool isBytes(const Napi::Value &value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
}

bool isInt16(const Napi::Value &value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_int16_array;
}

Napi::Value answer(Napi::Env env, int result) {
  if (result == OPUS_INVALID_PACKET) result = kInvalidPacket;
  if (result == OPUS_BAD_ARG || result == OPUS_BUFFER_TOO_SMALL) result = kInvalidArgument;
  return Napi::Number::New(env, result);
}

int decode(const Napi::CallbackInfo &info, PcmOpusDecoder &decoder) {
  if (!isBytes(info[0]) || !isInt16(info[1])) return kInvalidArgument;
  auto packet = info[0].As<Napi::Uint8Array>();
  auto out = info[1].As<Napi::Int16Array>();
  return decoder.decode(packet.Data(), packet.ByteLength(), out.Data(), out.ElementLength());
}

int conceal(const Napi::CallbackInfo &info, PcmOpusDecoder &decoder) {
  if (!info[0].IsNumber() || !isInt16(info[1])) return kInvalidArgument;
  auto out = info[1].As<Napi::Int16Array>();
  return decoder.conceal(info[0].As<Napi::Number>().Int32Value(), out.Data(), out.ElementLength());
}

int decodeFec(const Napi::CallbackInfo &info, PcmOpusDecoder &decoder) {
  if (!isBytes(info[0]) || !info[1].IsNumber() || !isInt16(info[2])) return kInvalidArgument;
  auto packet = info[0].As<Napi::Uint8Array>();
  auto out = info[2].As<Napi::Int16Array>();
  return decoder.decodeFec(packet.Data(), packet.ByteLength(), info[1].As<Napi::Number>().Int32Value(), out.Data(),
                           out.ElementLength());
}

int reset(const Napi::CallbackInfo &, PcmOpusDecoder &decoder) {
  decoder.reset();
  return 0;
}

class OpusDecoderBinding : public Napi::ObjectWrap<OpusDecoderBinding> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "OpusDecoder",
                       {InstanceMethod("decode", &OpusDecoderBinding::call<decode>),
                        InstanceMethod("conceal", &OpusDecoderBinding::call<conceal>),
                        InstanceMethod("decodeFec", &OpusDecoderBinding::call<decodeFec>),
                        InstanceMethod("reset", &OpusDecoderBinding::call<reset>),
                        InstanceMethod("close", &OpusDecoderBinding::close)});
  }

  explicit OpusDecoderBinding(const Napi::CallbackInfo &info)
      : Napi::ObjectWrap<OpusDecoderBinding>(info), decoder_(PcmOpusDecoder::create()) {}

private:
  template <int (*method)(const Napi::CallbackInfo &, PcmOpusDecoder &)>
  Napi::Value call(const Napi::CallbackInfo &info) {
    return answer(info.Env(), decoder_ ? method(info, *decoder_) : kClosed);
  }

  Napi::Value close(const Napi::CallbackInfo &info) {
    decoder_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<PcmOpusDecoder> decoder_;
};

Napi::Value opusPacketInfo(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (!isBytes(info[0])) return env.Null();
  auto packet = info[0].As<Napi::Uint8Array>();
  const auto parsed = parseOpusPacket(packet.Data(), packet.ByteLength());
  if (!parsed) return env.Null();
  Napi::Object result = Napi::Object::New(env);
  result.Set("durationSamples48k", Napi::Number::New(env, parsed->durationSamples48k));
  result.Set("frames", Napi::Number::New(env, parsed->frames));
  result.Set("stereo", Napi::Boolean::New(env, parsed->stereo));
  result.Set("hasFec", Napi::Boolean::New(env, parsed->hasFec));
  return result;
}

} // namespace

void exportOpus(Napi::Env env, Napi::Object exports) {
  exports.Set("OpusDecoder", OpusDecoderBinding::define(env));
  exports.Set("opusPacketInfo", Napi::Function::New(env, opusPacketInfo, "opusPacketInfo"));
}

} // namespace parley
