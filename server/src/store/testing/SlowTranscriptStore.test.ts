import { testTranscriptStore } from '../conformance/transcriptStoreSuite.js';
import { SlowTranscriptStore } from './SlowTranscriptStore.js';

for (const turns of [1, 3]) {
  testTranscriptStore({
    name: `a store that takes ${turns} turns a step`,
    create: () => new SlowTranscriptStore({ turns }),
  });
}
