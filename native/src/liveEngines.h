#pragma once

namespace parley {

class SpeechEngine;

/**
 * Engines that may be at work when the process ends. `exit` destroys the statics of the engine's libraries while lanes still compute
 * with them, and Node runs no clean-up hooks on `process.exit`. So an engine that is entered here is closed before that.
 */
void enterEngine(SpeechEngine *engine);

/** To be called before an engine is destroyed. Waits while the process is ending. */
void removeEngine(SpeechEngine *engine);

} // namespace parley
