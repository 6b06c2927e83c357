/** Steps of the generator. */
import { GenerationFailed } from '../../server/generators/generator.ts';
import type { Drawing } from './simulated-generator.ts';
import { pick, type Step, type StepOf } from './steps.ts';
import type { World } from './world.ts';

type DrawingStep = Extract<Step, { drawing: number }>;

export function finishAll(bytes: number, world: World): void {
  for (const drawing of world.generator.drawings) if (drawing.isLive) finish(drawing, bytes, world);
}

export function draw(step: DrawingStep, world: World): void {
  const { drawings } = world.generator;
  if (step.does === 'finish late') {
    const aborted = drawings.filter(({ isSettled, context }) => !isSettled && context.signal.aborted);
    const late = pick(aborted, step.drawing);
    if (late) finish(late, step.bytes, world);
    return;
  }
  const live = drawings.filter(({ isLive }) => isLive);
  const drawing = pick(live, step.drawing);
  if (!drawing) return;
  const { onProgress } = drawing.context;
  switch (step.does) {
    case 'progress':
      if (step.phase !== 'retrying') return onProgress({ phase: step.phase });
      return onProgress({ phase: 'retrying', try: 2, retryInMs: 1_000, reason: 'The service is busy.' });
    case 'preview':
      return world.preview(drawing, step.bytes);
    case 'show':
      if (!drawing.shown) drawing.show(world.generator.paint(drawing, 'final', step.bytes));
      return;
    case 'finish':
      return finish(drawing, step.bytes, world);
    case 'fail': {
      const error = errors[step.by]();
      if (step.by !== 'refusal') world.expectedErrors.add(error);
      return drawing.fail(error);
    }
  }
}

const errors: Record<StepOf<'fail'>['by'], () => unknown> = {
  refusal: () => new GenerationFailed('provider_error', 'The service failed.', { retryable: true }),
  fault: () => new TypeError('terminated'),
  undefined: () => undefined,
};

export function finish(drawing: Drawing, bytes: number, world: World): void {
  drawing.finish(drawing.shown ?? world.generator.paint(drawing, 'final', bytes));
}
