/** What a track is doing. */
export type SpeakerState =
  /** Muted, or nothing has come yet. */
  | 'inactive'
  /** Awake and waiting for speech. */
  | 'listening'
  /** Asleep until a wake phrase is heard. */
  | 'wakeword'
  /** Speech that is going to be text. */
  | 'recording'
  /** The speech is over, its final is on the way. */
  | 'transcribing';

/**
 * How a microphone is set. `quiet`: speech below -50 dBFS, until it is above -45 dBFS again; words may be lost. `clipping`: at
 * least 1 % of the speech's samples are cut off, until it is less than 0.3 %; it sounds distorted.
 */
export type MicrophoneLevel = 'good' | 'quiet' | 'clipping';

/**
 * What happens to a track on its way to text, for those who show or log it. Times are milliseconds from the start of the
 * meeting. `stabilized` and `audioRecorded` are diagnostics: frequent, droppable, and told only to those who asked for them with
 * `subscribeDiagnostics`.
 *
 * For those who come from RealtimeSTT, its callbacks and what says the same here, for each participant:
 *
 * | callback | notification |
 * |---|---|
 * | `on_recording_start` | `speakerActivity` `recordingStarted` |
 * | `on_recording_stop` | `speakerActivity` `recordingStopped`, with its cause |
 * | `on_transcription_start` | `speakerActivity` `transcriptionStarted`; without the audio, and it cannot call the final off |
 * | `on_realtime_transcription_update` | `interimUpdated`: the whole text |
 * | `on_realtime_transcription_stabilized` | `interimUpdated`: the first `stableLength` units of the text |
 * | `on_realtime_text_stabilization_update` | `speakerActivity` `stabilized` (diagnostics) |
 * | `on_vad_start` | `speechStarted` |
 * | `on_vad_stop` | `speechEnded` |
 * | `on_vad_detect_start` | `speakerActivity` `listeningStarted` |
 * | `on_vad_detect_stop` | `speakerActivity` `listeningStopped` |
 * | `on_turn_detection_start` | `speakerActivity` `turnDetectionStarted` |
 * | `on_turn_detection_stop` | `speakerActivity` `turnDetectionStopped`, with its outcome |
 * | `on_wakeword_detected` | `speakerActivity` `wakePhraseDetected` |
 * | `on_wakeword_timeout` | `speakerActivity` `wakePhraseTimedOut` |
 * | `on_wakeword_detection_start` | `speakerActivity` `wakeListeningStarted` |
 * | `on_wakeword_detection_end` | `speakerActivity` `wakeListeningStopped` |
 * | `on_recorded_chunk` | `speakerActivity` `audioRecorded` (diagnostics): times and level; the audio itself stays on the server |
 *
 * And the callback of `text(on_transcription_finished)` is `segmentCommitted`.
 */
export type SpeakerActivity =
  | { type: 'listeningStarted'; atMs: number }
  | { type: 'listeningStopped'; atMs: number }
  | { type: 'recordingStarted'; segmentId: string; atMs: number }
  | { type: 'recordingStopped'; segmentId: string; atMs: number; cause: 'silence' | 'forced' | 'sentence' | 'flush' }
  /** A final has been asked for. */
  | { type: 'transcriptionStarted'; segmentId: string; atMs: number }
  /** Silence within an utterance: is it over? */
  | { type: 'turnDetectionStarted'; segmentId: string; atMs: number }
  | { type: 'turnDetectionStopped'; segmentId: string; atMs: number; outcome: 'resumed' | 'ended' }
  | { type: 'wakeListeningStarted'; atMs: number }
  | { type: 'wakeListeningStopped'; atMs: number }
  /** `score`: likeness of what was heard, 0 to 1. */
  | { type: 'wakePhraseDetected'; phrase: string; score: number; atMs: number }
  | { type: 'wakePhraseTimedOut'; atMs: number }
  /** The language of this track is settled, and again whenever it has become another one. */
  | { type: 'languageDetected'; language: string; probability: number; atMs: number }
  /**
   * How one's own microphone is set, told to nobody else, from the speech alone: after the first 3 s of speech, then whenever `level` changes.
   * `speechLevelDb`: mean level of the last seconds of speech in dBFS; `clippedShare`: share of its samples at full scale, 0 to 1.
   */
  | { type: 'microphoneChecked'; level: MicrophoneLevel; speechLevelDb: number; clippedShare: number; atMs: number }
  | {
      type: 'stabilized';
      segmentId: string;
      revision: number;
      /** Words that became settled with this interim. */
      committedWords: number;
      stableLength: number;
      textLength: number;
      /** Audio from the end of the newest of them to the end of what the interim heard. */
      commitLatencyMs: number | null;
    }
  /** A stretch of the track that belongs to an utterance; its level in dBFS. */
  | { type: 'audioRecorded'; segmentId: string; startMs: number; endMs: number; levelDb: number };
