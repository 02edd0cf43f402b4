/** State of a track. */
export type TrackState =
  /** Muted, or no audio yet. */
  | 'inactive'
  /** Awake and waiting for speech. */
  | 'listening'
  /** Asleep until a wake phrase is detected. */
  | 'wakeword'
  /** Speech in progress. */
  | 'speaking'
  /** Speech is over, its final is pending. */
  | 'transcribing';

/**
 * Level of a microphone. `quiet`: speech below -50 dBFS, until it is above -45 dBFS again; words may be lost. `clipping`: at
 * least 1 % of the speech's samples are clipped, until it is less than 0.3 %; it sounds distorted.
 */
export type MicrophoneLevel = 'good' | 'quiet' | 'clipping';

/**
 * Steps of a track on its way to text, for display or logging. Times are milliseconds from the start of the meeting. `stabilized`
 * and `audioRecorded` are diagnostics: frequent, droppable, and only sent after `subscribeDiagnostics`.
 *
 * RealtimeSTT's callbacks and their equivalents here, for each participant:
 *
 * | callback | notification |
 * |---|---|
 * | `on_recording_start` | `trackActivity` `utteranceStarted` |
 * | `on_recording_stop` | `trackActivity` `utteranceEnded`, with its cause |
 * | `on_transcription_start` | `trackActivity` `transcriptionStarted`; without the audio, and it cannot call the final off |
 * | `on_realtime_transcription_update` | `interimUpdated`: the whole text |
 * | `on_realtime_transcription_stabilized` | `interimUpdated`: the first `stableLength` units of the text |
 * | `on_realtime_text_stabilization_update` | `trackActivity` `stabilized` (diagnostics) |
 * | `on_vad_start` | `speechStarted` |
 * | `on_vad_stop` | `speechEnded` |
 * | `on_vad_detect_start` | `trackActivity` `listeningStarted` |
 * | `on_vad_detect_stop` | `trackActivity` `listeningStopped` |
 * | `on_turn_detection_start` | `trackActivity` `turnDetectionStarted` |
 * | `on_turn_detection_stop` | `trackActivity` `turnDetectionStopped`, with its outcome |
 * | `on_wakeword_detected` | `trackActivity` `wakePhraseDetected` |
 * | `on_wakeword_timeout` | `trackActivity` `wakePhraseTimedOut` |
 * | `on_wakeword_detection_start` | `trackActivity` `wakeListeningStarted` |
 * | `on_wakeword_detection_end` | `trackActivity` `wakeListeningStopped` |
 * | `on_recorded_chunk` | `trackActivity` `audioRecorded` (diagnostics): times and level; the audio itself stays on the server |
 *
 * And the callback of `text(on_transcription_finished)` is `segmentCommitted`.
 */
export type TrackActivity =
  | { type: 'listeningStarted'; atMs: number }
  | { type: 'listeningStopped'; atMs: number }
  | { type: 'utteranceStarted'; segmentId: string; atMs: number }
  | { type: 'utteranceEnded'; segmentId: string; atMs: number; cause: 'silence' | 'forced' | 'sentence' | 'flush' }
  /** A final has been requested. */
  | { type: 'transcriptionStarted'; segmentId: string; atMs: number }
  /** Silence within an utterance: is it over? */
  | { type: 'turnDetectionStarted'; segmentId: string; atMs: number }
  | { type: 'turnDetectionStopped'; segmentId: string; atMs: number; outcome: 'resumed' | 'ended' }
  | { type: 'wakeListeningStarted'; atMs: number }
  | { type: 'wakeListeningStopped'; atMs: number }
  /** `score`: similarity of the speech to the phrase, 0 to 1. */
  | { type: 'wakePhraseDetected'; phrase: string; score: number; atMs: number }
  | { type: 'wakePhraseTimedOut'; atMs: number }
  /** The utterance was the voice of another participant, and is captioned under their name. */
  | { type: 'crosstalkDetected'; segmentId: string; atMs: number }
  /** The language of this track is settled; sent again whenever it changes. */
  | { type: 'languageDetected'; language: string; probability: number; atMs: number }
  /**
   * Level of the participant's own microphone, measured in speech only and sent to nobody else: after the first 3 s of speech, then whenever `level` changes.
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
      /** Audio from the end of the newest of these words to the end of the interim's audio. */
      commitLatencyMs: number | null;
    }
  /** A stretch of the track that belongs to an utterance; its level in dBFS. */
  | { type: 'audioRecorded'; segmentId: string; startMs: number; endMs: number; levelDb: number };
