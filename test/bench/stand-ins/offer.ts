/** Lets the bench call functions of this process, and ends the process with the bench. */
import process from 'node:process';

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument?: unknown;
}

type Offered = (argument: never) => unknown;

const offered = new Map<string, Offered>();
/** Calls of functions that are not offered yet. */
const waiting: Call[] = [];

/** A function may be async. What it returns must be JSON. */
export function offer(functions: Readonly<Record<string, Offered>>): void {
  for (const [name, called] of Object.entries(functions)) offered.set(name, called);
  for (const call of waiting.splice(0)) void answer(call);
}

async function answer(call: Call): Promise<void> {
  const called = offered.get(call.name);
  if (!called) return void waiting.push(call);
  process.send?.({ id: call.id, result: await Promise.resolve(called(call.argument as never)) });
}

process.on('message', (call: Call) => void answer(call));
// An exit in order writes the profiles, if there are any.
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
