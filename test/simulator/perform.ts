/** Carries one step out in a world. A step that has nobody to do it, or nothing to do it to, does nothing. */
import type { Click, Page } from './page.ts';
import { draw, finishAll } from './perform-drawing.ts';
import { inject } from './perform-injection.ts';
import { type Onward, pick, type Step, type StepOf } from './steps.ts';
import type { World } from './world.ts';

/** For an answer to come back over a line that works. */
const A_MOMENT_MS = 200;
const A_BIG_PICTURE = 70_000;

type WithPage = Exclude<Extract<Step, { page: number }>, { does: 'go on' | 'abandon' }>;

export async function perform(step: Step, world: World): Promise<void> {
  switch (step.does) {
    case 'wait':
      return await world.pass(step.ms);
    case 'open':
      open(world);
      break;
    case 'restart':
      world.restart(step.downMs, step.drained);
      break;
    case 'abandon':
      abandon(step, world);
      break;
    case 'go on':
      goOn(step, world);
      return await world.pass(A_MOMENT_MS);
    case 'finish all':
      finishAll(step.bytes, world);
      break;
    case 'set server clock':
      world.server.setClockForward(step.ms);
      break;
    default: {
      if ('drawing' in step) draw(step, world);
      else onPage(step, world);
    }
  }
  await world.settle();
}

/** Somebody opens the page and gets a session of their own. */
export function open(world: World): Page {
  return world.addPage({ room: world.newRoom(), mayDecide: true, isInvited: true, options: {} });
}

/** Whoever is left without a session opens another. */
function goOn(step: StepOf<'go on'>, world: World): void {
  const page = pick(world.busy, step.page);
  const { page: number, bytes, options } = step;
  const asked = { page: number, ...(options && { options }) };
  const { snapshot, connection } = page?.state ?? {};
  if (!page || connection?.status === 'closed') open(world);
  else if (page.isAsleep) return;
  else if (snapshot?.stage === 'generating') finishAll(bytes, world);
  else if (!page.mayDecide) return;
  else if (snapshot?.stage === 'final') decide({ does: 'start over', ...asked }, page, world);
  else if (snapshot?.stage === 'user_feedback') decide(onward(step.how, asked), page, world);
  else decide({ does: 'generate', ...asked, candidates: 1 + (bytes % 2) }, page, world);
}

function onward(how: Onward, asked: Pick<StepOf<'refine'>, 'page' | 'options'>): Deciding {
  switch (how) {
    case 'regenerate':
      return { does: how, ...asked, how: 'new prompt' };
    case 'refine':
      return { does: how, ...asked, image: 0 };
    case 'approve another':
      return { does: 'approve', ...asked, image: 1 };
    case 'start over':
      return { does: how, ...asked };
    default:
      return { does: how, ...asked, image: 0 };
  }
}

function onPage(step: WithPage, world: World): void {
  const page = pick(world.busy, step.page);
  if (!page) return;
  switch (step.does) {
    case 'attach':
      return attach(step.as, page, world);
    case 'leave':
      if (world.open.length === 1) return;
      return step.politely ? page.leave() : page.vanish();
    case 'cut':
      return world.cut(page, step.rescued);
    case 'half-open':
      return block(step, 'dead', page);
    case 'stall': {
      block(step, 'stall', page);
      world.time.after(step.ms, () => unstall(page));
      return;
    }
    case 'weather':
      page.weather.latencyMs = step.latencyMs;
      page.weather.bytesPerMs = step.bytesPerMs;
      return;
    case 'network':
      page.network = step.is;
      return;
    case 'set clock':
      return page.setClockForward(step.ms);
    case 'send again':
    case 'forge':
    case 'late':
    case 'trespass':
    case 'babble':
    case 'flood':
      return inject(step, page, world);
    default:
      if (!page.isAsleep) byPerson(step, page, world);
  }
}

type ByPerson = Exclude<
  WithPage,
  StepOf<
    | 'attach'
    | 'leave'
    | 'cut'
    | 'half-open'
    | 'stall'
    | 'weather'
    | 'network'
    | 'set clock'
    | 'send again'
    | 'forge'
    | 'late'
    | 'trespass'
    | 'babble'
    | 'flood'
  >
>;

/** What takes a person at a computer that is awake. */
function byPerson(step: ByPerson, page: Page, world: World): void {
  switch (step.does) {
    case 'type':
      if (!page.mayDecide) return;
      page.focus(true);
      for (let time = 0; time < step.times; time += 1) page.type(`[${page.room}] ${world.newId('text ')}`);
      return;
    case 'focus':
      return page.focus(step.on);
    case 'want': {
      const imageIds = (page.state.snapshot?.attempts ?? []).map(({ image }) => image.imageId);
      for (let time = 0; time < step.times; time += 1) page.client.want(imageIds);
      return;
    }
    case 'hide':
      return page.hide();
    case 'show':
      return page.show();
    case 'sleep': {
      page.sleep();
      world.time.after(step.ms, () => page.wake());
      return;
    }
    case 'all at once': {
      const others = world.open.filter(({ room, mayDecide, isUp }) => room === page.room && mayDecide && isUp);
      for (const [index, one] of others.entries()) together(step.what, one, index, world);
      return;
    }
    default:
      if (page.mayDecide) decide(step, page, world);
  }
}

type Deciding = StepOf<
  'generate' | 'regenerate' | 'refine' | 'approve' | 'discard' | 'restore' | 'cancel' | 'start over'
>;

function together(what: StepOf<'all at once'>['what'], page: Page, index: number, world: World): void {
  const common = { page: 0 };
  switch (what) {
    case 'ask':
      return page.state.snapshot?.stage === 'user_feedback'
        ? decide({ does: 'regenerate', ...common, how: 'new prompt' }, page, world)
        : decide({ does: 'generate', ...common, candidates: 1 }, page, world);
    case 'approve':
      return decide({ does: 'approve', ...common, image: 0 }, page, world);
    case 'approve or discard':
      return decide({ does: index % 2 === 0 ? 'approve' : 'discard', ...common, image: 0 }, page, world);
    default:
      return decide({ does: what, ...common }, page, world);
  }
}

/** Enter in the field asks for a picture; every other decision is a button, which takes the focus. */
function decide(step: Deciding, page: Page, world: World): void {
  if (step.does !== 'generate') page.focus(false);
  const { snapshot } = page.state;
  const attempts = snapshot?.attempts ?? [];
  const newText = (kind: string) => `[${page.room}] ${world.newId(`${kind} `)}`;
  switch (step.does) {
    case 'generate': {
      const prompt = newText('prompt');
      if (page.isFocused) page.type(prompt);
      const { candidates } = step;
      const options = candidates === 1 ? step.options : { ...step.options, candidates };
      page.click({ type: 'generate', prompt, ...(options && { options }) });
      return;
    }
    case 'regenerate': {
      const older = pick(attempts, 0)?.image.imageId;
      page.click({
        type: 'regenerate',
        ...(step.how === 'new prompt' && { prompt: newText('prompt') }),
        ...(step.how === 'an older image' && older !== undefined && { imageId: older }),
        ...(step.options && { options: step.options }),
      });
      return;
    }
    case 'refine': {
      const imageId = pick(attempts, step.image)?.image.imageId ?? 'none';
      const { options } = step;
      page.click({ type: 'refine', imageId, feedback: newText('feedback'), ...(options && { options }) });
      return;
    }
    case 'approve':
      return approve(step.image, page, world);
    case 'discard': {
      const imageId = pick(attempts.toReversed(), step.image)?.image.imageId ?? 'none';
      page.click({ type: 'discard', imageId });
      if (step.undoMs !== undefined) world.time.after(step.undoMs, () => restore(imageId, page));
      return;
    }
    case 'restore': {
      const imageId = pick(snapshot?.discarded ?? [], step.image)?.image.imageId ?? 'none';
      return restore(imageId, page);
    }
    case 'cancel':
      page.click({ type: 'cancel', ...(step.reason && { reason: step.reason }) });
      return;
    case 'start over': {
      if (!snapshot) return;
      const rules = world.pageRules.get(page);
      rules?.startingOver(page.click({ type: 'start_over' }));
      return;
    }
  }
}

function restore(imageId: string, page: Page): void {
  if (page.isUp) page.click({ type: 'restore', imageId });
}

/** A person approves what they see, and nothing else. */
function approve(image: number, page: Page, world: World): void {
  const here = (page.state.snapshot?.attempts ?? []).filter((attempt) => page.state.images.has(attempt.image.imageId));
  const reference = pick(here.toReversed(), image)?.image;
  const received = reference && page.state.images.get(reference.imageId);
  if (!reference || !received) return;
  const { imageId, sha256 } = reference;
  const { commandId }: Click = page.click({ type: 'approve', imageId, sha256 });
  const seen = page.urls.get(received.url);
  if (commandId !== undefined && seen !== undefined) world.sessionOf(page)?.approving(commandId, seen);
}

function attach(as: StepOf<'attach'>['as'], to: Page, world: World): void {
  const { sessionId, sessionKey } = to.state;
  if (sessionId === undefined || !to.isInvited) return;
  const isInvited = as !== 'intruder';
  const key = as === 'intruder' ? 'guessed' : sessionKey;
  const mayDecide = as === 'reviewer' && key !== undefined;
  world.addPage({
    room: to.room,
    mayDecide,
    isInvited,
    options: { sessionId, ...(as !== 'watcher' && key !== undefined && { sessionKey: key }) },
  });
}

/** Nobody is left in the room of `page`, and whoever was there opens another. */
function abandon({ page: number, approved }: StepOf<'abandon'>, world: World): void {
  const { time, busy } = world;
  const rich = busy.filter(({ state }) => (state.snapshot?.attempts.length ?? 0) > 1);
  const page = pick(approved === undefined || rich.length === 0 ? busy : rich, number);
  if (!page) return;
  const leave = () => {
    for (const one of world.open) if (one.room === page.room) one.leave();
    open(world);
  };
  if (approved === undefined) return leave();
  finishAll(A_BIG_PICTURE, world);
  time.after(A_MOMENT_MS, () => {
    if (page.mayDecide && page.isUp) approve(approved, page, world);
    time.after(A_MOMENT_MS, leave);
  });
}

function block({ way }: StepOf<'half-open' | 'stall'>, blocker: 'dead' | 'stall', page: Page): void {
  for (const cable of page.cables) {
    if (way !== 'down') cable.up.block(blocker);
    if (way !== 'up') cable.down.block(blocker);
  }
}

export function unstall(page: Page): void {
  for (const cable of page.cables) {
    cable.up.unblock('stall');
    cable.down.unblock('stall');
  }
}
