#pragma once

#include <vector>

#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

/** The heads of a model whose attention follows the audio, as context parameters. Reads the head of the model's file. */
void chooseAlignmentHeads(const char *modelPath, whisper_context_params &params);

struct FrameRange {
  int first = 0;
  int end = 0;
};

/**
 * Start of each text token, in frames of 20 ms, by dynamic time warping over the decoder's attention to the audio (Radford et al., "Robust
 * Speech Recognition via Large-Scale Weak Supervision", and its reference implementation). Runs the decoder once over the finished text.
 * @param tokens text tokens only
 * @param range frames that contain the words
 * @return one number per token and a last one for the end of the text, increasing; empty if unknown
 */
std::vector<int> alignTokens(whisper_context *context, whisper_state *state, const std::vector<whisper_token> &tokens,
                             int languageId, FrameRange range, int threads);

/**
 * The same, from attention that was kept while the text was made; does not run the decoder.
 * @param textRows rows of `attention` for each token, and for the end of the text
 */
std::vector<int> alignRows(const access::Attention &attention, const std::vector<int> &textRows, FrameRange range);

} // namespace parley
