/** What sessions need of the server around them. */
import type { Clock } from '../clock.ts';
import type { Estimates } from '../generate/estimates.ts';
import type { Generator } from '../generate/generator.ts';
import type { GenerationQueue } from '../generate/queue.ts';
import type { Journal } from '../journal.ts';
import type { Limits } from '../limits.ts';
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
