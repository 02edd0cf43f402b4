#pragma once

#include <string_view>

namespace parley {

/**
 * Whether a word may end between two pieces of text with no space between them: where the letters on both sides are of scripts that
 * write without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar, Tibetan). Marks and closing punctuation stay with
 * what they follow.
 * @param before valid UTF-8 at its end @param after valid UTF-8 at its start
 */
bool endsWordBetween(std::string_view before, std::string_view after);

} // namespace parley
