#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace parley {

namespace detail {

/**
 * e^x for x <= 0, with a relative error below 1e-6; results too small to matter are 0 or close to it. Without branches, so that compilers
 * vectorise it.
 */
inline float exponential(float x) {
  constexpr float kLog2E = 1.44269504f;
  constexpr float kRound = 12582912.0f; // 1.5 * 2^23: adding it rounds to a whole number
  const float power = std::max(x, -87.0f) * kLog2E;
  const float whole = (power + kRound) - kRound;
  const float part = power - whole;
  // 2^part for -0.5 to 0.5 (Taylor of e^(part ln 2))
  const float fraction =
      1.0f + part * (0.69314718f +
                     part * (0.24022651f + part * (0.055504109f + part * (0.0096181291f + part * (0.0013333558f + part * 0.00015403530f)))));
  return fraction * std::bit_cast<float>((static_cast<std::int32_t>(whole) + 127) << 23);
}

} // namespace detail

/** Sum of e^(value - most) over `count` values, none of which is above `most`. */
inline double sumOfExponentials(const float *values, std::size_t count, float most) {
  constexpr std::size_t kLanes = 32;
  std::array<float, kLanes> sums{};
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += detail::exponential(values[at + lane] - most);
  }
  double sum = 0;
  for (const float part : sums) sum += part;
  for (; at < count; ++at) sum += detail::exponential(values[at] - most);
  return sum;
}

} // namespace parley
