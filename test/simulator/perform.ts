/** Carries out one step. A step does nothing when there is no tab, drawing or image for it. */
import { draw, finishAll } from './perform-drawing.ts';
import { inject } from './perform-injection.ts';
import { type NewTab, type NextCommand, pick, type Step, type StepOf } from './steps.ts';
import type { Tab } from './tab.ts';
import type { World } from './world.ts';

/** Long enough for an answer to come back over a connection that works. */
const ANSWER_MS = 200;
const BIG_IMAGE_BYTES = 70_000;

type TabStep = Exclude<Extract<Step, { tab: number }>, { does: 'go on' | 'abandon' }>;

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
      return await world.pass(ANSWER_MS);
    case 'finish all':
      finishAll(step.bytes, world);
      break;
    case 'set server clock':
      world.server.setClockForward(step.ms);
      break;
    case 'server fault':
      world.server.sessions.failsNextCommand = true;
      break;
    default: {
      if ('drawing' in step) draw(step, world);
      else onTab(step, world);
    }
  }
  await world.settle();
}

/** Somebody opens the page, which creates a session. */
export function open(world: World): Tab {
  return world.addTab({ team: world.newTeam(), mayDecide: true, isInvited: true, options: {} });
}

function goOn(step: StepOf<'go on'>, world: World): void {
  const tab = pick(world.active, step.tab);
  const { tab: index, bytes, options } = step;
  const common = { tab: index, ...(options && { options }) };
  const { snapshot, connection } = tab?.state ?? {};
  if (!tab || connection?.status === 'closed') open(world);
  else if (tab.isAsleep) return;
  else if (snapshot?.stage === 'generating') finishAll(bytes, world);
  else if (!tab.mayDecide) return;
  else if (snapshot?.stage === 'final') command({ does: 'start over', ...common }, tab, world);
  else if (snapshot?.stage === 'user_feedback') command(nextCommand(step.next, common), tab, world);
  else command({ does: 'generate', ...common, candidates: 1 + (bytes % 2) }, tab, world);
}

function nextCommand(next: NextCommand, common: Pick<StepOf<'refine'>, 'tab' | 'options'>): CommandStep {
  switch (next) {
    case 'regenerate':
      return { does: next, ...common, from: 'new prompt' };
    case 'approve another':
      return { does: 'approve', ...common, image: 1 };
    case 'start over':
      return { does: next, ...common };
    default:
      return { does: next, ...common, image: 0 };
  }
}

function onTab(step: TabStep, world: World): void {
  const tab = pick(world.active, step.tab);
  if (!tab) return;
  switch (step.does) {
    case 'attach':
      return attach(step.as, tab, world);
    case 'leave':
      if (world.open.length === 1) return;
      return step.crashes ? tab.crash() : tab.leave();
    case 'cut':
      return world.cut(tab, step.delivered);
    case 'half-open':
      return block(step, 'dead', tab);
    case 'stall': {
      block(step, 'stall', tab);
      world.time.after(step.ms, () => endStall(tab));
      return;
    }
    case 'set speed':
      tab.speed.latencyMs = step.latencyMs;
      tab.speed.bytesPerMs = step.bytesPerMs;
      return;
    case 'set network':
      tab.network = step.to;
      return;
    case 'set clock':
      return tab.setClockForward(step.ms);
    case 'send again':
    case 'reuse id':
    case 'send late':
    case 'trespass':
    case 'send nonsense':
    case 'flood':
    case 'generate and cancel':
      return inject(step, tab, world);
    default:
      if (!tab.isAsleep) byPerson(step, tab, world);
  }
}

type PersonStep =
  | CommandStep
  | StepOf<'type' | 'focus' | 'want' | 'hide' | 'show' | 'sleep' | 'all at once'>
  | StepOf<'close link' | 'replace link'>
  | StepOf<'end session'>;

/** Steps of a person at a computer that is awake. */
function byPerson(step: PersonStep, tab: Tab, world: World): void {
  switch (step.does) {
    case 'type':
      if (!tab.mayDecide) return;
      tab.focus(true);
      for (let time = 0; time < step.times; time += 1) tab.type(`[${tab.team}] ${world.newId('text ')}`);
      return;
    case 'focus':
      return tab.focus(step.on);
    case 'want': {
      const imageIds = (tab.state.snapshot?.attempts ?? []).map(({ image }) => image.imageId);
      for (let time = 0; time < step.times; time += 1) tab.client.want(imageIds);
      return;
    }
    case 'hide':
      return tab.hide();
    case 'show':
      return tab.show();
    case 'sleep': {
      tab.sleep();
      world.time.after(step.ms, () => tab.wake());
      return;
    }
    case 'all at once': {
      const team = world.open.filter((one) => one.team === tab.team && one.mayDecide && one.isUsable);
      for (const [index, one] of team.entries()) command(simultaneous(step.command, one, index), one, world);
      return;
    }
    case 'close link':
    case 'replace link':
      if (tab.mayDecide)
        tab.click({ type: step.does === 'close link' ? 'close_link' : 'replace_link', role: step.role });
      return;
    case 'end session':
      if (tab.mayDecide) tab.click({ type: 'end_session' });
      return;
    default:
      if (tab.mayDecide) command(step, tab, world);
  }
}

type CommandStep = StepOf<
  'generate' | 'regenerate' | 'refine' | 'approve' | 'discard' | 'restore' | 'cancel' | 'start over'
>;

function simultaneous(name: StepOf<'all at once'>['command'], tab: Tab, index: number): CommandStep {
  const common = { tab: 0 };
  switch (name) {
    case 'generate':
      return tab.state.snapshot?.stage === 'user_feedback'
        ? { does: 'regenerate', ...common, from: 'new prompt' }
        : { does: 'generate', ...common, candidates: 1 };
    case 'approve':
      return { does: 'approve', ...common, image: 0 };
    case 'approve or discard':
      return { does: index % 2 === 0 ? 'approve' : 'discard', ...common, image: 0 };
    default:
      return { does: name, ...common };
  }
}

/** Enter in the prompt field generates; every other command is a button, which takes the focus from the field. */
function command(step: CommandStep, tab: Tab, world: World): void {
  if (step.does !== 'generate') tab.focus(false);
  const { snapshot } = tab.state;
  const attempts = snapshot?.attempts ?? [];
  const newText = (kind: string) => `[${tab.team}] ${world.newId(`${kind} `)}`;
  switch (step.does) {
    case 'generate': {
      const prompt = newText('prompt');
      if (tab.isFocused) tab.type(prompt);
      const { candidates } = step;
      const options = candidates === 1 ? step.options : { ...step.options, candidates };
      tab.click({ type: 'generate', prompt, ...(options && { options }) });
      return;
    }
    case 'regenerate': {
      const oldest = attempts[0]?.image.imageId;
      tab.click({
        type: 'regenerate',
        ...(step.from === 'new prompt' && { prompt: newText('prompt') }),
        ...(step.from === 'older image' && oldest !== undefined && { imageId: oldest }),
        ...(step.options && { options: step.options }),
      });
      return;
    }
    case 'refine': {
      const imageId = pick(attempts, step.image)?.image.imageId ?? 'none';
      const { options } = step;
      tab.click({ type: 'refine', imageId, feedback: newText('feedback'), ...(options && { options }) });
      return;
    }
    case 'approve':
      return approve(step.image, tab, world);
    case 'discard': {
      const imageId = pick(attempts.toReversed(), step.image)?.image.imageId ?? 'none';
      tab.click({ type: 'discard', imageId });
      if (step.restoreMs !== undefined) world.time.after(step.restoreMs, () => restore(imageId, tab));
      return;
    }
    case 'restore': {
      const imageId = pick(snapshot?.discarded ?? [], step.image)?.image.imageId ?? 'none';
      return restore(imageId, tab);
    }
    case 'cancel':
      tab.click({ type: 'cancel', ...(step.reason && { reason: step.reason }) });
      return;
    case 'start over':
      if (snapshot) world.tabRules.get(tab)?.startingOver(tab.click({ type: 'start_over' }));
      return;
  }
}

function restore(imageId: string, tab: Tab): void {
  if (tab.isUsable) tab.click({ type: 'restore', imageId });
}

/** A person approves only an image that they see. */
function approve(image: number, tab: Tab, world: World): void {
  const here = (tab.state.snapshot?.attempts ?? []).filter((attempt) => tab.state.images.has(attempt.image.imageId));
  const reference = pick(here.toReversed(), image)?.image;
  const received = reference && tab.state.images.get(reference.imageId);
  if (!reference || !received) return;
  const { imageId, sha256 } = reference;
  const { commandId } = tab.click({ type: 'approve', imageId, sha256 });
  const seen = tab.urls.get(received.url);
  if (commandId !== undefined && seen !== undefined) world.sessionOf(tab)?.approving(commandId, seen);
}

function attach(as: NewTab, to: Tab, world: World): void {
  const { sessionId, sessionKey, welcome, links } = to.state;
  if (sessionId === undefined || !to.isInvited) return;
  const id = welcome?.participantId ?? '';
  const credentials = {
    reviewer: { sessionKey },
    'same person': { sessionKey, participant: { id, secret: welcome?.participantSecret ?? '' } },
    watcher: { sessionKey: to.mayDecide ? links?.watchKey : sessionKey },
    impostor: { participant: { id, secret: 'guessed' } },
    intruder: { sessionKey: 'guessed' },
    'by old link': {},
    'by old key': { sessionKey: world.sessionOf(to)?.firstKey },
  }[as];
  const isKeyKnown = as === 'by old key' || (to.mayDecide && (as === 'reviewer' || as === 'same person'));
  const { sessionKey: key, ...others } = { sessionKey: undefined, ...credentials };
  world.addTab({
    team: to.team,
    mayDecide: isKeyKnown,
    isInvited: as !== 'intruder',
    options: { sessionId, ...others, ...(key !== undefined && { sessionKey: key }) },
  });
}

/** All of the team of one tab leave, and one of them opens a new session. */
function abandon({ tab: index, approved }: StepOf<'abandon'>, world: World): void {
  const { time, active } = world;
  const withSeveral = active.filter(({ state }) => (state.snapshot?.attempts.length ?? 0) > 1);
  const tab = pick(approved === undefined || withSeveral.length === 0 ? active : withSeveral, index);
  if (!tab) return;
  const leave = () => {
    for (const one of world.open) if (one.team === tab.team) one.leave();
    open(world);
  };
  if (approved === undefined) return leave();
  finishAll(BIG_IMAGE_BYTES, world);
  time.after(ANSWER_MS, () => {
    if (tab.mayDecide && tab.isUsable) approve(approved, tab, world);
    time.after(ANSWER_MS, leave);
  });
}

function block({ way }: StepOf<'half-open' | 'stall'>, blocker: 'dead' | 'stall', tab: Tab): void {
  for (const { up, down } of tab.connections) {
    if (way !== 'down') up.block(blocker);
    if (way !== 'up') down.block(blocker);
  }
}

export function endStall(tab: Tab): void {
  for (const { up, down } of tab.connections) {
    up.unblock('stall');
    down.unblock('stall');
  }
}
