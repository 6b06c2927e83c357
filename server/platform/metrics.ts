/** What the server counts, for Prometheus. Labels are codes and stages: nothing that a client or an upstream chose. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Usage } from '../../shared/model.ts';

/** From a demo picture to the longest that is waited for (rule R10). */
const SECONDS = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600];

export class Metrics {
  readonly #registry = new Registry();
  readonly #refusals = this.#counter('proofroom_refusals_total', 'Refused messages, upgrades and requests.', ['code']);
  readonly #retries = this.#counter('proofroom_retries_total', 'Tries after the first, of all generations.', []);
  readonly #generations = this.#counter('proofroom_generations_total', 'Candidates by how they ended.', ['outcome']);
  readonly #silent = this.#counter(
    'proofroom_silent_connections_total',
    'Connections given up as dead or stalled.',
    [],
  );
  readonly #socketErrors = this.#counter(
    'proofroom_socket_errors_total',
    'Connections that broke the protocol, or broke.',
    [],
  );
  readonly #tokens = this.#counter('proofroom_tokens_total', 'Tokens that finished images took.', ['direction']);
  readonly #cost = this.#counter(
    'proofroom_estimated_cost_dollars_total',
    'What finished images cost, as far as their tokens and prices are known.',
    [],
  );
  readonly #ended = this.#counter('proofroom_sessions_ended_total', 'Sessions that are gone, by why.', ['reason']);
  readonly #durations = new Histogram({
    name: 'proofroom_generation_seconds',
    help: 'From the ask to the end of a candidate, waiting included.',
    labelNames: ['outcome'],
    buckets: SECONDS,
    registers: [this.#registry],
  });

  refused(code: string): void {
    this.#refusals.inc({ code });
  }

  retried(): void {
    this.#retries.inc();
  }

  generationEnded(outcome: string, durationMs: number): void {
    this.#generations.inc({ outcome });
    this.#durations.observe({ outcome }, durationMs / 1000);
  }

  imagePaid(usage: Usage, dollars: number): void {
    this.#tokens.inc({ direction: 'input' }, usage.inputTokens);
    this.#tokens.inc({ direction: 'output' }, usage.outputTokens);
    this.#cost.inc(dollars);
  }

  sessionEnded(reason: string): void {
    this.#ended.inc({ reason });
  }

  socketFailed(): void {
    this.#socketErrors.inc();
  }

  connectionWentSilent(): void {
    this.#silent.inc();
  }

  /** A value that is read whenever somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** The same, with one value for each value of a label. */
  gauges(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
