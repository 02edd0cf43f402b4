#include "opusPacket.h"

#include <opus.h>

namespace parley {

namespace {

/** RFC 6716 table 2: configurations 0 to 15 have a SILK layer (SILK-only and hybrid), 16 to 31 are CELT-only. */
bool hasSilkLayer(unsigned char toc) { return (toc & 0x80) == 0; }

/**
 * Whether the first frame's SILK layer starts with low-bitrate redundancy. Its header (RFC 6716 sections 4.2.3 and
 * 4.2.4) is, for each channel, one voice-activity bit per 20 ms SILK frame and one LBRR bit; all are coded with
 * probability 1/2, so the range coder leaves them as plain bits at the top of the first byte.
 * libopus has this as `opus_packet_has_lbrr` from 1.5 on.
 */
bool hasLowBitrateRedundancy(unsigned char first, int frameSamples48k, bool stereo) {
  const int silkFrames = frameSamples48k > 960 ? frameSamples48k / 960 : 1;
  const bool mid = ((first >> (7 - silkFrames)) & 1) != 0;
  const bool side = stereo && ((first >> (6 - 2 * silkFrames)) & 1) != 0;
  return mid || side;
}

} // namespace

std::optional<OpusPacketInfo> parseOpusPacket(const unsigned char *data, std::size_t size) {
  if (data == nullptr || size == 0 || size > kMaxOpusFrames * 1275 * 2) return std::nullopt;

  const unsigned char *frames[kMaxOpusFrames];
  opus_int16 sizes[kMaxOpusFrames];
  const int count = opus_packet_parse(data, static_cast<opus_int32>(size), nullptr, frames, sizes, nullptr);
  if (count <= 0) return std::nullopt;

  const int frameSamples = opus_packet_get_samples_per_frame(data, 48000);
  const int duration = frameSamples * count;
  if (duration <= 0 || duration > kMaxPacketSamples48k) return std::nullopt;

  const bool stereo = opus_packet_get_nb_channels(data) == 2;
  const bool fec = hasSilkLayer(data[0]) && sizes[0] > 0 && hasLowBitrateRedundancy(frames[0][0], frameSamples, stereo);
  return OpusPacketInfo{duration, count, stereo, fec};
}

} // namespace parley
