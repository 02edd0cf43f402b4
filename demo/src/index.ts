/** The scripted meeting: play it with real browsers, score the result. */
/** Words in the form in which all scores compare them. */
export { comparableWords as wordsOf } from '@parley/media/testing';
export { findChromium } from './browser/findChromium.js';
export { launchChromium } from './browser/launchChromium.js';
export { PlayerPage } from './browser/PlayerPage.js';
export { DemoError } from './DemoError.js';
export { filledTranscript } from './measure/filledTranscript.js';
export { type FirstLoad, measureFirstLoad } from './measure/measureFirstLoad.js';
export { type LongTranscript, measureLongTranscript } from './measure/measureLongTranscript.js';
export { PAGE_BUDGET } from './measure/pageBudget.js';
export {
  type ChosenMeeting,
  chooseMeeting,
  meetingNamed,
  mismatchWarning,
  PEOPLES_MEETING,
  type RunningModel,
  SYNTHETIC_MEETING,
} from './meeting/chooseMeeting.js';
export { loadMeeting } from './meeting/loadMeeting.js';
export type { Meeting, MeetingSpeaker, Utterance } from './meeting/Meeting.js';
export type { MeetingRecording, RecordedSpeaker } from './meeting/MeetingRecording.js';
export type { TranscriptEvent } from './player/api.js';
export { type PlayEvent, type PlayMeetingOptions, playMeeting } from './playMeeting.js';
export { judgeScore, REQUIREMENTS, type Requirements, requirementsOf } from './scoring/judgeScore.js';
export { type MeetingScore, type Percentiles, type SpeakerScore, scoreMeeting } from './scoring/scoreMeeting.js';
export { commonWords, wordEdits } from './scoring/words.js';
export { type OwnServer, type OwnServerOptions, startOwnServer } from './startOwnServer.js';
