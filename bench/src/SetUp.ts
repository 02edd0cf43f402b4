import {
  inabilitiesOf,
  MODES,
  type ModeName,
  type ReadingProfile,
  resolveSpeechSettings,
  type SpeechSettings,
} from '@parley/media/settings';
import { VoiceActivityModel } from '@parley/media/worker';
import { RecogniserProcess } from './RecogniserProcess.js';
import { type BenchMeeting, openMeeting } from './speech/meetings.js';

/** Options of all benchmarks with a recogniser. */
export interface SetUpOptions {
  /** A name in the catalogue or a file; default: the built-in one. */
  model?: string;
  /** `people`, `synthetic` or a folder with a `meeting.json`; default: what the model understands. */
  meeting?: string;
  /** Default: `balanced`. */
  mode?: ModeName;
  /** ISO 639-1; default: as in the mode. */
  language?: string;
}

/** What was used for the measurement, as in the figures. */
export interface SetUpFigures {
  model: string;
  meeting: string;
  mode: string;
}

/** The recogniser in its process, the VAD, the settings of a mode, and the speech. */
export class SetUp {
  readonly settings: SpeechSettings;
  readonly recogniser: RecogniserProcess;
  readonly voiceActivity: VoiceActivityModel;
  readonly meeting: BenchMeeting;
  readonly #mode: ModeName;

  private constructor(parts: {
    mode: ModeName;
    settings: SpeechSettings;
    recogniser: RecogniserProcess;
    voiceActivity: VoiceActivityModel;
    meeting: BenchMeeting;
  }) {
    this.#mode = parts.mode;
    this.settings = parts.settings;
    this.recogniser = parts.recogniser;
    this.voiceActivity = parts.voiceActivity;
    this.meeting = parts.meeting;
  }

  /** @throws Error with a sentence if there is no such mode, or the model does not run or does not support the settings */
  static async create(options: SetUpOptions = {}): Promise<SetUp> {
    const { mode = 'balanced', language, meeting, model } = options;
    if (!Object.hasOwn(MODES, mode)) {
      throw new Error(`There is no mode "${mode}". There are: ${Object.keys(MODES).join(', ')}`);
    }
    const settings = resolveSpeechSettings(mode, language === undefined ? {} : { language });
    const recogniser = await RecogniserProcess.start(model === undefined ? {} : { model });
    const { profile } = recogniser.model;
    try {
      const [inability] = inabilitiesOf(profile, settings);
      if (inability !== undefined) throw new Error(inability.sentence);
      return new SetUp({
        mode,
        settings,
        recogniser,
        meeting: openMeeting({ asked: meeting, model: profile, onNote: (sentence) => console.error(sentence) }),
        voiceActivity: await VoiceActivityModel.create(),
      });
    } catch (error) {
      await recogniser.close();
      throw error;
    }
  }

  /** Longest audio of one request, ms. */
  get longestWindowMs(): number {
    return this.recogniser.service.capabilities.longestWindowMs.interim;
  }

  /** How its texts are read; undefined: the default. */
  get reading(): Partial<ReadingProfile> | undefined {
    return this.recogniser.model.profile.reading;
  }

  get figures(): SetUpFigures {
    return { model: this.recogniser.model.profile.name, meeting: this.meeting.name, mode: this.#mode };
  }

  async close(): Promise<void> {
    await this.recogniser.close();
    await this.voiceActivity.close();
  }
}
