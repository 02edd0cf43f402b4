#include "scripts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace parley {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/** Blocks of the scripts that write without spaces (Unicode 16), in order. */
constexpr std::array kUnspaced = {
    Range{0x0E01, 0x0EFF},   // Thai, Lao
    Range{0x0F00, 0x0FFF},   // Tibetan
    Range{0x1000, 0x109F},   // Myanmar
    Range{0x1780, 0x17FF},   // Khmer
    Range{0x19E0, 0x19FF},   // Khmer symbols
    Range{0x2E80, 0x2FDF},   // radicals
    Range{0x3005, 0x3007},   // iteration mark, closing mark, zero
    Range{0x3021, 0x3029},   // Hangzhou numerals
    Range{0x3031, 0x3035},   // Kana repeat marks
    Range{0x3038, 0x303C},   // Hangzhou numerals
    Range{0x3041, 0x309F},   // Hiragana
    Range{0x30A1, 0x30FA},   // Katakana
    Range{0x30FC, 0x30FF},   // Katakana: long vowel, iteration marks
    Range{0x31F0, 0x31FF},   // Katakana extensions
    Range{0x3400, 0x4DBF},   // Han extension A
    Range{0x4E00, 0x9FFF},   // Han
    Range{0xA9E0, 0xA9FF},   // Myanmar extended B
    Range{0xAA60, 0xAA7F},   // Myanmar extended A
    Range{0xF900, 0xFAFF},   // Han compatibility
    Range{0xFF66, 0xFF9F},   // half-width Katakana
    Range{0x1AFF0, 0x1B16F}, // Kana extensions
    Range{0x20000, 0x3FFFF}, // Han extensions
};

/** Signs that belong to the letter before them, in order. */
constexpr std::array kMarks = {
    Range{0x0E30, 0x0E3A},   // Thai vowels
    Range{0x0E45, 0x0E4E},   // Thai vowels, tones
    Range{0x0EB0, 0x0EBC},   // Lao vowels
    Range{0x0EC6, 0x0ECE},   // Lao tones
    Range{0x0F0B, 0x0F14},   // Tibetan marks between syllables
    Range{0x0F71, 0x0F87},   // Tibetan vowels
    Range{0x0F8D, 0x0FBC},   // Tibetan subjoined letters
    Range{0x102B, 0x103E},   // Myanmar vowels
    Range{0x104A, 0x104B},   // Myanmar full stops
    Range{0x1056, 0x1059},   Range{0x105E, 0x1060}, Range{0x1062, 0x1064}, Range{0x1067, 0x106D},
    Range{0x1071, 0x1074},   Range{0x1082, 0x108D},
    Range{0x17B4, 0x17D6},   // Khmer vowels, full stops
    Range{0x3005, 0x3005},   // Han iteration mark
    Range{0x3099, 0x309E},   // Kana voicing, iteration
    Range{0x30FC, 0x30FE},   // long vowel, iteration
    Range{0xFF70, 0xFF70},   Range{0xFF9E, 0xFF9F},
};

template <std::size_t count> bool contains(const std::array<Range, count> &ranges, char32_t letter) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [letter](const Range &range) { return letter >= range.first && letter <= range.last; });
}

/** Characters between words that belong to none: ASCII except letters and digits, general and CJK punctuation, full-width forms of it. */
bool isPunctuation(char32_t letter) {
  if (letter < 0x80) return !((letter >= '0' && letter <= '9') || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z'));
  return (letter >= 0x2010 && letter <= 0x205E) || (letter >= 0x3001 && letter <= 0x3003) ||
         (letter >= 0x3008 && letter <= 0x3020) || letter == 0x30FB || (letter >= 0xFF01 && letter <= 0xFF0F) ||
         (letter >= 0xFF1A && letter <= 0xFF20) || (letter >= 0xFF3B && letter <= 0xFF40) ||
         (letter >= 0xFF5B && letter <= 0xFF65);
}

/** Brackets and quotes that belong to what follows them. */
bool isOpening(char32_t letter) {
  static constexpr std::array<char32_t, 14> opening = {U'(', U'[', U'{', U'\u2018', U'\u201C', U'\u3008', U'\u300A',
                                                       U'\u300C', U'\u300E', U'\u3010', U'\u3014', U'\uFF08', U'\uFF3B',
                                                       U'\uFF5B'};
  return std::find(opening.begin(), opening.end(), letter) != opening.end();
}

/** The code point at the start of valid UTF-8; removes its bytes. */
std::optional<char32_t> takeFirst(std::string_view &text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return {};
  char32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(length);
  return value;
}

std::optional<char32_t> takeLast(std::string_view &text) {
  if (text.empty()) return {};
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  std::string_view last = text.substr(at);
  text.remove_suffix(text.size() - at);
  return takeFirst(last);
}

} // namespace

bool endsWordBetween(std::string_view before, std::string_view after) {
  auto next = takeFirst(after);
  if (!next || contains(kMarks, *next) || (isPunctuation(*next) && !isOpening(*next))) return false;
  while (next && isPunctuation(*next)) next = takeFirst(after);
  auto last = takeLast(before);
  if (last && isOpening(*last)) return false;
  while (last && isPunctuation(*last)) last = takeLast(before);
  return last && next && contains(kUnspaced, *last) && contains(kUnspaced, *next);
}

} // namespace parley
