/** Steps of the service that draws. */
import { GenerationFailed } from '../../server/generators/generator.ts';
import { pick, type Step, type StepOf } from './steps.ts';
import type { Drawing } from './upstream.ts';
import type { World } from './world.ts';

type WithDrawing = Extract<Step, { drawing: number }>;

export function finishAll(bytes: number, world: World): void {
  for (const drawing of world.upstream.drawings) if (drawing.isLive) finish(drawing, bytes, world);
}

export function draw(step: WithDrawing, world: World): void {
  const { drawings } = world.upstream;
  if (step.does === 'finish late') {
    const late = pick(
      drawings.filter(({ isSettled, context }) => !isSettled && context.signal.aborted),
      step.drawing,
    );
    if (late) finish(late, step.bytes, world);
    return;
  }
  const drawing = pick(
    drawings.filter(({ isLive }) => isLive),
    step.drawing,
  );
  if (!drawing) return;
  const { onProgress } = drawing.context;
  switch (step.does) {
    case 'draw':
      if (step.what !== 'retrying') return onProgress({ phase: step.what });
      return onProgress({ phase: 'retrying', try: 2, retryInMs: 1_000, reason: 'The service is busy.' });
    case 'preview':
      return world.preview(drawing, step.bytes);
    case 'finish':
      return finish(drawing, step.bytes, world);
    case 'fail': {
      const failure = failures[step.by]();
      if (step.by !== 'refusal') world.expectedFaults.add(failure);
      return drawing.fail(failure);
    }
  }
}

const failures: Record<StepOf<'fail'>['by'], () => unknown> = {
  refusal: () => new GenerationFailed('provider_error', 'The service failed.', { retryable: true }),
  fault: () => new TypeError('terminated'),
  nothing: () => undefined,
};

export function finish(drawing: Drawing, bytes: number, world: World): void {
  drawing.finish(world.upstream.paint(drawing, 'final', bytes));
}
