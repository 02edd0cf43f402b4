import type { AsrProcessStats, LoadLevel } from '@parley/media/node';
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyLedger } from './audioLedger.js';
import { Metrics } from './Metrics.js';

let stats: AsrProcessStats | undefined;
let load: LoadLevel;
let metrics: Metrics;

/** Values by their name with labels. */
async function scrape(): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

beforeEach(() => {
  stats = undefined;
  load = 0;
  metrics = new Metrics({
    counts: () => Promise.resolve({ rooms: 2, peers: 5, speakers: 4, sockets: 6 }),
    recognizer: () => stats,
    load: () => load,
    engine: () => ({ model: 'base', encoder: 'onnx', device: 'cpu' }),
    processMetrics: false,
  });
});

describe('Metrics', () => {
  test('counts texts, gaps by reason, and corrections', async () => {
    metrics.interim({ queuedMs: 1, engineMs: 20 });
    metrics.final({ queuedMs: 2, engineMs: 40, vadEndToFinalMs: 18, corrections: 3 });
    metrics.final({ queuedMs: 2, engineMs: 40, vadEndToFinalMs: undefined, corrections: 0 });
    metrics.gap('overloaded');
    metrics.gap('overloaded');
    metrics.gap('deadlineExceeded');
    const values = await scrape();
    expect(values.get('parley_interims_total')).toBe(1);
    expect(values.get('parley_finals_total')).toBe(2);
    expect(values.get('parley_committed_corrections_total')).toBe(3);
    expect(values.get('parley_gaps_total{reason="overloaded"}')).toBe(2);
    expect(values.get('parley_gaps_total{reason="deadlineExceeded"}')).toBe(1);
    expect(values.get('parley_vad_end_to_final_ms_count')).toBe(1);
    expect(values.get('parley_vad_end_to_final_ms_bucket{le="20"}')).toBe(1);
    expect(values.get('parley_vad_end_to_final_ms_bucket{le="10"}')).toBe(0);
    expect(values.get('parley_recognition_engine_ms_sum{kind="final"}')).toBe(80);
    expect(values.get('parley_recognition_queued_ms_sum{kind="interim"}')).toBe(1);
  });

  test('adds the audio ledger up, exactly, and its classes to its total', async () => {
    metrics.audio({ ...emptyLedger(), totalMs: 100.0625, pendingMs: 100.0625 });
    const shedMs = { asleep: 60, overloaded: 40 };
    const rejectedMs = { annotation: 10, noWords: 20 };
    metrics.audio({ ...emptyLedger(), totalMs: 50, pendingMs: -100.0625, transcribedMs: 20.0625, shedMs, rejectedMs });
    const values = await scrape();
    const ledger = [...values].filter(([name]) => name.startsWith('parley_audio_ledger_ms'));
    const total = values.get('parley_audio_ledger_ms{class="total",reason=""}');
    expect(total).toBe(150.0625);
    expect(values.get('parley_audio_ledger_ms{class="pending",reason=""}')).toBe(0);
    expect(values.get('parley_audio_ledger_ms{class="shed",reason="asleep"}')).toBe(60);
    expect(values.get('parley_audio_ledger_ms{class="rejected",reason="noWords"}')).toBe(20);
    expect(ledger.reduce((sum, [, value]) => sum + value, 0)).toBe(2 * 150.0625);
  });

  test("tells the recogniser's queue and load as they are at each scrape", async () => {
    expect((await scrape()).has('parley_recognition_queue{state="running"}')).toBe(false);
    stats = {
      waitingFinals: 3,
      waitingInterims: 2,
      running: 1,
      oldestWaitMs: 250,
      answered: 99,
      rejected: { OVERLOADED: 4 },
      dropped: { superseded: 7, deadline: 1 },
      queueAgeMs: { final: { p50: 12, p99: 340, max: 900 }, interim: { p50: 3, p99: 40, max: 41 } },
      engineMs: 0,
      discardedEngineMs: 0,
      load: 2,
      connections: 1,
      brokenConnections: 0,
      rssBytes: 1,
    } as AsrProcessStats;
    load = 2;
    let values = await scrape();
    expect(values.get('parley_recognition_queue{state="waitingFinals"}')).toBe(3);
    expect(values.get('parley_recognition_oldest_wait_ms')).toBe(250);
    expect(values.get('parley_recognitions_rejected{reason="OVERLOADED"}')).toBe(4);
    const age = (kind: string, quantile: string) =>
      values.get(`parley_recognition_queue_age_ms{kind="${kind}",quantile="${quantile}"}`);
    expect([age('final', 'p50'), age('final', 'p99'), age('final', 'max')]).toEqual([12, 340, 900]);
    expect(age('interim', 'max')).toBe(41);
    expect(values.get('parley_recognitions_dropped{cause="superseded"}')).toBe(7);
    expect(values.get('parley_recognitions_dropped{cause="deadline"}')).toBe(1);
    expect(values.get('parley_load_level')).toBe(2);
    expect(values.get('parley_open{what="rooms"}')).toBe(2);
    stats = undefined;
    values = await scrape();
    expect(values.has('parley_recognition_queue{state="running"}')).toBe(false);
    expect(values.has('parley_recognitions_rejected{reason="OVERLOADED"}')).toBe(false);
    expect(values.has('parley_recognitions_dropped{cause="superseded"}')).toBe(false);
    expect([...values.keys()].some((name) => name.startsWith('parley_recognition_queue_age_ms'))).toBe(false);
  });

  test('says what recognises speech', async () => {
    expect(await metrics.text()).toContain('parley_recogniser_info{model="base",encoder="onnx",device="cpu"} 1');
  });

  test('is its own: two nodes in one process do not share numbers', async () => {
    const other = new Metrics({
      counts: async () => ({ rooms: 0, peers: 0, speakers: 0, sockets: 0 }),
      recognizer: () => undefined,
      load: () => 0,
      engine: () => ({ model: 'base', encoder: 'none', device: 'none' }),
    });
    metrics.gap('overloaded');
    expect(await other.text()).not.toContain('reason="overloaded"');
    expect(await other.text()).toContain('process_resident_memory_bytes');
  });
});
