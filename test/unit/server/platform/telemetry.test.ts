import { describe, expect, test } from 'vitest';
import { Telemetry } from '../../../../server/platform/telemetry.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { type LogLine, quietLog } from '../../../support/quiet-log.ts';

function createTelemetry() {
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const faults: unknown[] = [];
  const log = quietLog(
    (fault) => faults.push(fault),
    (line) => lines.push(line),
  );
  return { clock, lines, faults, telemetry: new Telemetry(log, clock) };
}

const ids = { session: 's1', generationId: 'g1', candidate: 0 };

describe('Telemetry', () => {
  test('an ended candidate is one line, and counts with its outcome, duration, tokens and cost', async () => {
    const { lines, telemetry } = createTelemetry();
    const usage = { inputTokens: 10, outputTokens: 200, totalTokens: 210 };
    const estimatedCost = { amount: 0.25, currency: 'USD' };
    const generated = { ...ids, outcome: 'generated', durationMs: 7_000, byteLength: 5_000 } as const;
    telemetry.candidateEnded({ ...generated, usage, estimatedCost });
    telemetry.candidateEnded({ ...ids, candidate: 1, outcome: 'timeout', durationMs: 9_000, upstream: 'silent' });
    expect(lines).toEqual([
      { msg: 'candidate ended', ...generated, inputTokens: 10, outputTokens: 200, estimatedCostDollars: 0.25 },
      { msg: 'candidate ended', ...ids, candidate: 1, outcome: 'timeout', durationMs: 9_000, upstream: 'silent' },
    ]);
    const metrics = await telemetry.metrics();
    for (const line of [
      'proofroom_generations_total{outcome="generated"} 1',
      'proofroom_generations_total{outcome="timeout"} 1',
      'proofroom_generation_seconds_sum{outcome="generated"} 7',
      'proofroom_tokens_total{direction="output"} 200',
      'proofroom_estimated_cost_dollars_total 0.25',
    ]) {
      expect(metrics).toContain(line);
    }
  });

  test('a decision is logged with image, digest and participant, and without name and note', async () => {
    const { lines, telemetry } = createTelemetry();
    const decision = { decision: 'approved', imageId: 'i1', sha256: 'digest', participantId: 'p1' } as const;
    const act = { by: 'Ana', participantId: 'p1', connectionId: 'c1', at: '2026-01-01T00:00:00.000Z' };
    const whole = { ...decision, ...act, decisionId: 'd1', number: 1, role: 'reviewer', note: 'at last' } as const;
    telemetry.decided('s1', whole, 'approved');
    expect(lines).toEqual([{ msg: 'decided', session: 's1', ...decision, outcome: 'approved' }]);
    telemetry.decided('s1', { ...whole, withdrawn: act }, 'reopened');
    const metrics = await telemetry.metrics();
    expect(metrics).toContain('proofroom_decisions_total{decision="approved"} 1');
    expect(metrics).toContain('proofroom_decisions_total{decision="withdrawn"} 1');
  });

  test('refusals are all counted, but one connection fills no log, nor do many', async () => {
    const { clock, lines, telemetry } = createTelemetry();
    for (let count = 0; count < 500; count += 1) telemetry.messageRejected('c1', 'stale');
    expect(lines).toHaveLength(20);
    for (let count = 0; count < 500; count += 1) telemetry.messageRejected(`other ${count}`, 'stale');
    telemetry.requestRefused(403);
    expect(lines.filter(({ msg }) => msg !== 'more refusals')).toHaveLength(100);
    clock.advance(1_000);
    telemetry.connectionRefused('c2', 4408);
    expect(lines.slice(-2)).toMatchObject([
      { msg: 'more refusals', count: 421 },
      { msg: 'connection refused', connection: 'c2', code: 4408 },
    ]);
    const metrics = await telemetry.metrics();
    expect(metrics).toContain('proofroom_refusals_total{code="stale"} 1000');
    expect(metrics).toContain('proofroom_refusals_total{code="http_403"} 1');
  });

  test('a gauge is read at each scrape', async () => {
    const { telemetry } = createTelemetry();
    let value = 1;
    telemetry.gauge('plain', 'A value.', () => value);
    telemetry.labelledGauge('labelled', 'A value for each stage.', 'stage', () => ({ final: value }));
    await telemetry.metrics();
    value = 2;
    const metrics = await telemetry.metrics();
    expect(metrics).toContain('plain 2');
    expect(metrics).toContain('labelled{stage="final"} 2');
  });
});
