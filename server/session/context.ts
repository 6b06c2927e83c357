/** What sessions need of the server around them. */

import type { Estimates } from '../generators/estimates.ts';
import type { Generator } from '../generators/generator.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { Journal } from '../platform/telemetry.ts';
import type { GenerationQueue } from './generation-queue.ts';
import type { ImageMemory } from './image-memory.ts';

export interface SessionContext {
  readonly generator: Generator;
  readonly queue: GenerationQueue;
  readonly estimates: Estimates;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly journal: Journal;
  readonly memory: ImageMemory;
  readonly limits: Limits;
}
