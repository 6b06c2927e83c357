/** Steps that send messages which our client would not send at that moment. */
import type { Command } from '../../shared/protocol.ts';
import { isGenerateCommand } from './rules/request-rules.ts';
import type { SimulatedConnection } from './simulated-connection.ts';
import { isSupported } from './simulated-generator.ts';
import { pick, type StepOf } from './steps.ts';
import type { Tab } from './tab.ts';
import type { World } from './world.ts';

type InjectionStep = StepOf<
  'send again' | 'reuse id' | 'send late' | 'trespass' | 'send nonsense' | 'flood' | 'generate and cancel'
>;

export function inject(step: InjectionStep, tab: Tab, world: World): void {
  const { connection } = tab;
  if (!connection) return;
  switch (step.does) {
    case 'send nonsense':
      return connection.inject(nonsense[step.which % nonsense.length] ?? '');
    case 'flood':
      return flood(step.times, connection, world);
    case 'trespass':
      return trespass(connection, tab, world);
    case 'generate and cancel':
      return generateAndCancel(connection, tab, world);
    default: {
      const command = pick((world.commands.get(tab.team) ?? []).toReversed(), step.message);
      if (command) resend(step, command, connection, tab, world);
    }
  }
}

function resend(
  step: StepOf<'send again' | 'reuse id' | 'send late'>,
  command: Command,
  connection: SimulatedConnection,
  tab: Tab,
  world: World,
): void {
  switch (step.does) {
    case 'send again':
      return connection.inject(JSON.stringify(command));
    case 'reuse id': {
      // A client that still waits for the answer would take the answer to this one for it.
      const isPending = world.tabs.some(({ clicks }) =>
        clicks.some(({ commandId, result }) => commandId === command.commandId && !result),
      );
      // A command that was rejected before its session saw it has not used its id.
      const isUnused = isGenerateCommand(command) && !isSupported(command.options ?? {});
      if (isPending || isUnused) return;
      const other: Command = { type: 'generate', commandId: command.commandId, prompt: `[${tab.team}] reused id` };
      return connection.inject(JSON.stringify(other));
    }
    case 'send late':
      return connection.inject(JSON.stringify({ ...command, commandId: world.newId('late') }));
  }
}

/** Approves with a wrong digest; a tab without the key also tries to generate. */
function trespass(connection: SimulatedConnection, tab: Tab, world: World): void {
  const commandId = world.newId('trespass');
  const imageId = tab.state.snapshot?.image?.imageId ?? 'none';
  const approval: Command = { type: 'approve', commandId, imageId, sha256: '0'.repeat(64) };
  connection.inject(JSON.stringify(approval));
  if (tab.mayDecide) return;
  const generate: Command = { type: 'generate', commandId: `${commandId}b`, prompt: `[${tab.team}] trespass` };
  connection.inject(JSON.stringify(generate));
}

/** Many commands at once, none of which changes anything. */
function flood(times: number, connection: SimulatedConnection, world: World): void {
  for (let time = 0; time < times; time += 1) {
    const command: Command = { type: 'discard', commandId: world.newId('flood'), imageId: 'none' };
    connection.inject(JSON.stringify(command));
  }
}

/** Both arrive in one event, so that the cancel comes while the generation is being started. */
function generateAndCancel(connection: SimulatedConnection, tab: Tab, world: World): void {
  if (!tab.mayDecide) return;
  const prompt = `[${tab.team}] ${world.newId('prompt ')}`;
  const type = tab.state.snapshot?.stage === 'user_feedback' ? 'regenerate' : 'generate';
  const commands: Command[] = [
    { type, commandId: world.newId('burst'), prompt },
    { type: 'cancel', commandId: world.newId('burst') },
  ];
  connection.injectTogether(commands.map((command) => JSON.stringify(command)));
}

const nonsense = [
  '',
  '{"type":',
  '[]',
  '{"type":"dance","commandId":"nonsense"}',
  '{"__proto__":{"type":"cancel","commandId":"nonsense"}}',
  JSON.stringify({ type: 'want', imageIds: ['nowhere'] }),
];
