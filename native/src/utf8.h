#pragma once
#include <string>
#include <string_view>

namespace parley {

/** Drops bytes that are not part of a well-formed UTF-8 sequence (RFC 3629). A token may end in the middle of a character. */
std::string validUtf8(std::string_view bytes);

/** Without the white space of ASCII at both ends. */
std::string_view trimmed(std::string_view text);

}  // namespace parley
