#pragma once

#include <string>
#include <string_view>

namespace parley {

/** Drops every byte that is not part of a valid UTF-8 sequence (RFC 3629: no overlong form, no surrogate, <= U+10FFFF). */
std::string validUtf8(std::string_view bytes);

/** Length of the longest prefix that does not end inside a sequence that more bytes could still complete. */
std::size_t completeUtf8Prefix(std::string_view bytes);

/** Without leading and trailing ASCII white space. */
std::string_view trimmed(std::string_view text);

/** The last `limit` bytes at most, never starting inside a sequence. */
std::string_view utf8Tail(std::string_view text, std::size_t limit);

} // namespace parley
