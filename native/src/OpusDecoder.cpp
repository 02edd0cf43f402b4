#include "OpusDecoder.h"

#include <opus.h>

#include "opusPacket.h"

namespace parley {

namespace {

bool validDuration(int samples, std::size_t capacity) {
  return samples > 0 && samples <= PcmOpusDecoder::kMaxSamples && samples % PcmOpusDecoder::kGridSamples == 0 &&
         static_cast<std::size_t>(samples) <= capacity;
}

} // namespace

std::unique_ptr<PcmOpusDecoder> PcmOpusDecoder::create() {
  int error = OPUS_OK;
  OpusDecoder *decoder = opus_decoder_create(kSampleRate, 1, &error);
  if (decoder == nullptr || error != OPUS_OK) return nullptr;
  return std::unique_ptr<PcmOpusDecoder>(new PcmOpusDecoder(decoder));
}

PcmOpusDecoder::~PcmOpusDecoder() { opus_decoder_destroy(decoder_); }

int PcmOpusDecoder::decode(const unsigned char *packet, std::size_t size, std::int16_t *out, std::size_t capacity) {
  const auto info = parseOpusPacket(packet, size);
  if (!info) return OPUS_INVALID_PACKET;
  const int samples = info->durationSamples48k / 3;
  if (static_cast<std::size_t>(samples) > capacity) return OPUS_BUFFER_TOO_SMALL;
  return opus_decode(decoder_, packet, static_cast<opus_int32>(size), out, samples, 0);
}

int PcmOpusDecoder::conceal(int samples, std::int16_t *out, std::size_t capacity) {
  if (!validDuration(samples, capacity)) return OPUS_BAD_ARG;
  return opus_decode(decoder_, nullptr, 0, out, samples, 0);
}

int PcmOpusDecoder::decodeFec(const unsigned char *next, std::size_t size, int samples, std::int16_t *out,
                              std::size_t capacity) {
  if (!validDuration(samples, capacity)) return OPUS_BAD_ARG;
  const auto info = parseOpusPacket(next, size);
  if (!info) return OPUS_INVALID_PACKET;
  // libopus conceals by itself where the mode has no redundancy, but not where a SILK packet simply carries none.
  if (!info->hasFec) return opus_decode(decoder_, nullptr, 0, out, samples, 0);
  return opus_decode(decoder_, next, static_cast<opus_int32>(size), out, samples, 1);
}

void PcmOpusDecoder::reset() { opus_decoder_ctl(decoder_, OPUS_RESET_STATE); }

} // namespace parley
