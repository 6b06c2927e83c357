/** Carries out one step. A step does nothing when there is no tab, drawing or image for it. */
import type { Invitation } from '../../server/session/invitations.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { draw, finishAll } from './perform-drawing.ts';
import { inject } from './perform-injection.ts';
import { limits } from './server-process.ts';
import { type NewTab, type NextCommand, pick, type Step, type StepOf } from './steps.ts';
import type { Tab } from './tab.ts';
import type { World } from './world.ts';

/** Long enough for an answer to come back over a connection that works. */
const ANSWER_MS = 200;
const BIG_IMAGE_BYTES = 70_000;

type TabStep = Exclude<Extract<Step, { tab: number }>, { does: 'go on' | 'abandon' | 'agree' }>;

export async function perform(step: Step, world: World): Promise<void> {
  switch (step.does) {
    case 'wait':
      return await world.pass(step.ms);
    case 'open':
      open(world, step.approvals);
      break;
    case 'restart':
      world.restart(step.downMs, step.drained);
      break;
    case 'abandon':
      abandon(step, world);
      break;
    case 'agree':
      agree(step, world);
      return await world.pass(7 * ANSWER_MS);
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
export function open(world: World, approvals?: number): Tab {
  const options = approvals === undefined ? {} : { approvals };
  return world.addTab({ team: world.newTeam(), mayDecide: true, hasRightLink: true, options });
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
  else if (snapshot && isFull(snapshot)) command({ does: 'remove', ...common, image: 0, count: 3 }, tab, world);
  else if (snapshot?.stage === 'user_feedback') command(nextCommand(step.next, common), tab, world);
  else command({ does: 'generate', ...common, candidates: 1 + (bytes % 2) }, tab, world);
}

/** Too full for another generation. */
const isFull = ({ attempts, discarded = [] }: SnapshotMessage): boolean =>
  attempts.length + discarded.length >= limits.ATTEMPTS_PER_SESSION - 1;

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
  | StepOf<'type' | 'focus' | 'want' | 'look' | 'hide' | 'show' | 'sleep' | 'all at once'>
  | StepOf<'close link' | 'replace link' | 'invite' | 'revoke'>
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
    case 'look': {
      const imageIds = (tab.state.snapshot?.attempts ?? []).map(({ image }) => image.imageId);
      for (let time = 0; time < step.times; time += 1)
        tab.look([...imageIds, undefined][(step.image + time) % (imageIds.length + 1)]);
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
    case 'invite':
      if (tab.mayDecide) invite(step, tab, world);
      return;
    case 'revoke':
      if (tab.mayDecide) revoke(step, tab);
      return;
    case 'end session':
      if (tab.mayDecide) tab.click({ type: 'end_session' });
      return;
    default:
      if (tab.mayDecide) command(step, tab, world);
  }
}

type CommandStep = StepOf<
  | 'generate'
  | 'regenerate'
  | 'refine'
  | 'approve'
  | 'request changes'
  | 'decline'
  | 'withdraw'
  | 'require approvals'
  | 'discard'
  | 'restore'
  | 'remove'
  | 'cancel'
  | 'start over'
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
      return decide({ type: 'approve', ...(step.note !== undefined && { note: step.note }) }, step.image, tab, world);
    case 'request changes':
      return decide({ type: 'request_changes', note: newText('change') }, step.image, tab, world);
    case 'decline':
      return decide({ type: 'decline', note: newText('reason') }, step.image, tab, world);
    case 'withdraw': {
      const ownId = tab.state.welcome?.participantId;
      const decisions = (snapshot?.decisions ?? []).filter(
        ({ participantId }) => (participantId === ownId) === step.own,
      );
      const decisionId = pick(decisions.toReversed(), step.decision)?.decisionId ?? 'none';
      tab.click({ type: 'withdraw', decisionId });
      return;
    }
    case 'require approvals':
      tab.click({ type: 'require_approvals', approvals: step.approvals });
      return;
    case 'remove': {
      const all = [...(snapshot?.discarded ?? []), ...attempts].map(({ image }) => image.imageId);
      const imageIds = all.slice(step.image % Math.max(1, all.length)).slice(0, step.count);
      tab.click({ type: 'remove', imageIds: imageIds.length > 0 ? imageIds : ['none'] });
      return;
    }
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

type Decision = { type: 'approve'; note?: string } | { type: 'request_changes' | 'decline'; note: string };

/** A person decides only about an image that they see. */
function decide(decision: Decision, image: number, tab: Tab, world: World): void {
  const here = (tab.state.snapshot?.attempts ?? []).filter((attempt) => tab.state.images.has(attempt.image.imageId));
  const reference = pick(here.toReversed(), image)?.image;
  const received = reference && tab.state.images.get(reference.imageId);
  if (!reference || !received) return;
  const { imageId, sha256 } = reference;
  const { commandId } = tab.click({ ...decision, imageId, sha256 });
  const seen = tab.urls.get(received.url);
  if (commandId !== undefined && seen !== undefined) world.sessionOf(tab)?.deciding(commandId, seen);
}

function attach(as: NewTab, to: Tab, world: World): void {
  const { sessionId, sessionKey, welcome, links } = to.state;
  if (sessionId === undefined || !to.hasRightLink) return;
  if (as === 'invited') return attachInvited(to, world);
  if (as === 'once revoked') return attachRevoked(to, world);
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
  const byKey = as === 'reviewer' || as === 'same person';
  const isKeyKnown = as === 'by old key' || (to.mayDecide && byKey);
  const { sessionKey: key, ...others } = { sessionKey: undefined, ...credentials };
  world.addTab({
    team: to.team,
    mayDecide: isKeyKnown,
    hasRightLink: as !== 'intruder',
    options: { sessionId, ...others, ...(key !== undefined && { sessionKey: key }) },
  });
}

/** The tab of whoever created the session that `of` is in. */
const creatorOf = (of: Tab, world: World): Tab | undefined =>
  world.open.find(
    ({ team, isUsable, mayDecide, state }) => team === of.team && isUsable && mayDecide && state.welcome?.creator,
  );

/** Somebody opens the link of an invitation, be it of use or not. Without any, the creator makes one first. */
function attachInvited(to: Tab, world: World, isMeant: (invitation: Invitation) => boolean = () => true): void {
  const session = world.sessionOf(to)?.session;
  const find = () => pick((session?.access.invitations ?? []).filter(isMeant), world.tabs.length);
  const enter = ({ key, role }: Invitation) => {
    const options = { sessionId: session?.id ?? '', sessionKey: key };
    world.addTab({ team: to.team, mayDecide: role === 'reviewer', hasRightLink: true, options });
  };
  const invitation = find();
  if (invitation) return enter(invitation);
  creatorOf(to, world)?.click({ type: 'invite', name: 'Mira', role: 'reviewer' });
  world.time.after(2 * ANSWER_MS, () => {
    const made = find();
    if (made) enter(made);
  });
}

/** Of use to somebody whose vote is to count. */
const isFresh = ({ role, isUsed, expiresAt }: Invitation): boolean =>
  role === 'reviewer' && !isUsed && expiresAt === undefined;

/** Somebody who was turned out tries the open review link. */
function attachRevoked(to: Tab, world: World): void {
  const { id: sessionId, access } = world.sessionOf(to)?.session ?? {};
  const sessionKey = access?.links.reviewer?.key;
  const out = world.open.find(
    ({ team, state: { connection } }) =>
      team === to.team && connection.status === 'closed' && connection.reason === 'revoked',
  );
  const { participantId: id, participantSecret: secret } = out?.state.welcome ?? {};
  if (sessionId === undefined || sessionKey === undefined || id === undefined || secret === undefined) return;
  const options = { sessionId, sessionKey, participant: { id, secret } };
  world.addTab({ team: to.team, mayDecide: true, hasRightLink: true, options });
}

function invite({ role, expiresMs }: StepOf<'invite'>, tab: Tab, world: World): void {
  const expiry = expiresMs !== undefined && {
    expiresAt: new Date(world.server.wallClock.now + expiresMs).toISOString(),
  };
  tab.click({ type: 'invite', name: 'Mira', role, ...expiry });
}

function revoke({ whom, byKey }: StepOf<'revoke'>, tab: Tab): void {
  const { invitations, people, welcome } = tab.state;
  const invitation = byKey ? pick(invitations, whom) : undefined;
  const others = people.filter(({ participantId }) => participantId !== welcome?.participantId);
  if (invitation) tab.click({ type: 'revoke', keyId: invitation.keyId });
  else tab.click({ type: 'revoke', participantId: pick(others, whom)?.participantId ?? 'nobody' });
}

function agree({ tab: index, approvals, afterwards }: StepOf<'agree'>, world: World): void {
  const inReview = world.active.filter(
    ({ state, mayDecide }) => mayDecide && state.snapshot?.stage === 'user_feedback',
  );
  const tab = pick(inReview, index);
  if (!tab?.isUsable) return;
  const team = () => world.open.filter((one) => one.team === tab.team && one.mayDecide && one.isUsable);
  const voters = () => team().filter(({ state }) => state.welcome?.counts);
  const creator = () => creatorOf(tab, world);
  if (voters().length < 2) attachInvited(tab, world, isFresh);
  else if (team().length < 4) attach('reviewer', tab, world);
  tab.click({ type: 'require_approvals', approvals });
  world.time.after(4 * ANSWER_MS, () => {
    for (const one of voters())
      if (afterwards !== 'turn out' || one !== creator()) decide({ type: 'approve' }, 0, one, world);
  });
  world.time.after(5 * ANSWER_MS, () => {
    const others = afterwards === 'turn out' ? voters().filter((one) => one !== creator()) : [];
    for (const { state } of others)
      creator()?.click({ type: 'revoke', participantId: state.welcome?.participantId ?? 'nobody' });
  });
  world.time.after(6 * ANSWER_MS, () => {
    const left = afterwards === 'turn out' ? creator() : undefined;
    if (left) decide({ type: 'approve' }, 0, left, world);
    if (afterwards === 'withdraw') {
      for (const one of voters().slice(0, 2)) command({ does: 'withdraw', tab: 0, decision: 0, own: true }, one, world);
    } else if (afterwards === 'require fewer') {
      tab.click({ type: 'require_approvals', approvals: 2 });
      for (const one of team()) if (!one.state.welcome?.counts) decide({ type: 'approve' }, 0, one, world);
    }
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
    if (tab.mayDecide && tab.isUsable) decide({ type: 'approve' }, approved, tab, world);
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
