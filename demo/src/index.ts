/** The scripted meeting: play it with real browsers, score what came of it. */
/** Words as all scores compare them. */
export { comparableWords as wordsOf } from '@parley/media/testing';
export { findChromium } from './browser/findChromium.js';
export { launchChromium } from './browser/launchChromium.js';
export { PlayerPage } from './browser/PlayerPage.js';
export { DemoError } from './DemoError.js';
export { filledTranscript } from './measure/filledTranscript.js';
export { type FirstLoad, measureFirstLoad } from './measure/measureFirstLoad.js';
export { type LongTranscript, measureLongTranscript } from './measure/measureLongTranscript.js';
export { PAGE_BUDGET } from './measure/pageBudget.js';
export { loadMeeting } from './meeting/loadMeeting.js';
export type { Meeting, MeetingSpeaker, Utterance } from './meeting/Meeting.js';
export type { MeetingRecording, RecordedSpeaker } from './meeting/MeetingRecording.js';
export { BUILT_IN_MEETING } from './parseArguments.js';
export type { TranscriptEvent } from './player/api.js';
export { type PlayEvent, type PlayMeetingOptions, playMeeting } from './playMeeting.js';
export { judgeScore, REQUIREMENTS } from './scoring/judgeScore.js';
export { type MeetingScore, type Percentiles, type SpeakerScore, scoreMeeting } from './scoring/scoreMeeting.js';
export { commonWords, wordEdits } from './scoring/words.js';
export { type OwnServer, startOwnServer } from './startOwnServer.js';
