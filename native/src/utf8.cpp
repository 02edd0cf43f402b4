#include "utf8.h"

namespace parley {

namespace {

bool isContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/** Bytes of the sequence that `lead` opens; 0 for a byte that opens none. */
std::size_t sequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/** The second byte carries the limits against overlong forms, surrogates and values beyond U+10FFFF. */
bool validSecond(unsigned char lead, unsigned char second) {
  switch (lead) {
  case 0xE0: return second >= 0xA0 && second <= 0xBF;
  case 0xED: return second >= 0x80 && second <= 0x9F;
  case 0xF0: return second >= 0x90 && second <= 0xBF;
  case 0xF4: return second >= 0x80 && second <= 0x8F;
  default: return isContinuation(second);
  }
}

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

} // namespace

std::string validUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = sequenceLength(lead);
    bool valid = length > 0 && i + length <= bytes.size();
    if (valid && length > 1) valid = validSecond(lead, static_cast<unsigned char>(bytes[i + 1]));
    for (std::size_t k = 2; valid && k < length; ++k) valid = isContinuation(static_cast<unsigned char>(bytes[i + k]));
    if (valid) {
      out.append(bytes.substr(i, length));
      i += length;
    } else {
      ++i;
    }
  }
  return out;
}

std::size_t completeUtf8Prefix(std::string_view bytes) {
  const std::size_t size = bytes.size();
  for (std::size_t back = 1; back <= 4 && back <= size; ++back) {
    const auto byte = static_cast<unsigned char>(bytes[size - back]);
    if (isContinuation(byte)) continue;
    return sequenceLength(byte) > back ? size - back : size;
  }
  return size;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view utf8Tail(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  text.remove_prefix(text.size() - limit);
  while (!text.empty() && isContinuation(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  return text;
}

} // namespace parley
