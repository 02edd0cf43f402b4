/** What a participant may do in a room. */
export const GRANTS = ['join', 'speak', 'listen', 'readTranscript', 'export', 'moderate', 'administer'] as const;

export type Grant = (typeof GRANTS)[number];
