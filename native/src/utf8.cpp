#include "utf8.h"

namespace parley {
namespace {

/** Length of the well-formed sequence at `at`, 0 when there is none. */
std::size_t sequenceLength(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80u) return 1;
  if (first >= 0xC2u && first <= 0xDFu) return continues(1) ? 2 : 0;
  if (first >= 0xE0u && first <= 0xEFu) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0u && byte(1) < 0xA0u) return 0;   // overlong
    if (first == 0xEDu && byte(1) >= 0xA0u) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xF0u && first <= 0xF4u) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0u && byte(1) < 0x90u) return 0;   // overlong
    if (first == 0xF4u && byte(1) >= 0x90u) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

std::string validUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = sequenceLength(bytes, i);
    if (length > 0) text.append(bytes.substr(i, length));
    i += length > 0 ? length : 1;
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n\v\f";
  const auto from = text.find_first_not_of(kWhite);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kWhite) - from + 1);
}

}  // namespace parley
