/** Steps that put messages on a connection that no page of ours would send just then. */
import type { Command } from '../../shared/protocol.ts';
import { isOffered } from './ask.ts';
import type { Cable } from './cable.ts';
import type { Page } from './page.ts';
import { isAsking } from './rules/ask-rules.ts';
import { pick, type StepOf } from './steps.ts';
import type { World } from './world.ts';

export function inject(
  step: StepOf<'send again' | 'forge' | 'late' | 'trespass' | 'babble' | 'flood'>,
  page: Page,
  world: World,
): void {
  const cable = page.cable;
  if (!cable) return;
  if (step.does === 'babble') return cable.inject(babble[step.what % babble.length] ?? '');
  if (step.does === 'flood') return flood(step.times, cable, world);
  if (step.does === 'trespass') return trespass(cable, page, world);
  const command = pick((world.commands.get(page.room) ?? []).toReversed(), step.message);
  if (!command) return;
  switch (step.does) {
    case 'send again':
      return cable.inject(JSON.stringify(command));
    case 'forge': {
      // While a page waits for its answer, it would take the forger's for its own.
      const isOpen = world.pages.some(({ clicks }) =>
        clicks.some(({ commandId, result }) => commandId === command.commandId && !result),
      );
      // One that never reached its session left its id free.
      const isUnknown = isAsking(command) && !isOffered(command.options ?? {});
      if (isOpen || isUnknown) return;
      const forged: Command = { type: 'generate', commandId: command.commandId, prompt: `[${page.room}] forged` };
      return cable.inject(JSON.stringify(forged));
    }
    case 'late':
      return cable.inject(JSON.stringify({ ...command, commandId: world.newId('late') }));
  }
}

/** Tries what the connection may not do, or what is not true. */
function trespass(cable: Cable, page: Page, world: World): void {
  const { snapshot } = page.state;
  const commandId = world.newId('trespass');
  const imageId = snapshot?.image?.imageId ?? 'none';
  const forged: Command = { type: 'approve', commandId, imageId, sha256: '0'.repeat(64) };
  cable.inject(JSON.stringify(forged));
  if (page.mayDecide) return;
  const asked: Command = { type: 'generate', commandId: `${commandId}b`, prompt: `[${page.room}] trespass` };
  cable.inject(JSON.stringify(asked));
}

/** Many commands at once, of which none comes to anything. */
function flood(times: number, cable: Cable, world: World): void {
  for (let time = 0; time < times; time += 1) {
    const command: Command = { type: 'discard', commandId: world.newId('flood'), imageId: 'none' };
    cable.inject(JSON.stringify(command));
  }
}

const babble = [
  '',
  '{"type":',
  '[]',
  '{"type":"dance","commandId":"babble"}',
  '{"__proto__":{"type":"cancel","commandId":"babble"}}',
  JSON.stringify({ type: 'want', imageIds: ['nowhere'] }),
];
