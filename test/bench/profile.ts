/** Sums up the profiles that a row has left: which functions and which files took the time, and the memory. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { project } from './processes.ts';

const SHOWN = 25;

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** In microseconds. */
  readonly timeDeltas: readonly number[];
}

/** https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/#type-SamplingHeapProfileNode */
interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

export async function printProfiles(row: string, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const profile: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
    if (name.endsWith('.cpuprofile')) print(`${row}: CPU of its own, ms`, cpuOf(profile as CpuProfile));
    if (name.endsWith('.heapprofile')) print(`${row}: live memory, KB`, heapOf((profile as { head: HeapNode }).head));
  }
  console.log(`\nThe profiles are in ${relative(process.cwd(), folder)}: open them in Chromium’s developer tools.`);
}

function cpuOf({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const sums = new Map<string, number>();
  for (const [index, id] of samples.entries()) add(sums, names.get(id) ?? '', (timeDeltas[index] ?? 0) / 1000);
  sums.delete('(idle)');
  return sums;
}

function heapOf(head: HeapNode): Map<string, number> {
  const sums = new Map<string, number>();
  const walk = ({ callFrame, selfSize, children }: HeapNode): void => {
    add(sums, nameOf(callFrame), selfSize / 1024);
    for (const child of children) walk(child);
  };
  walk(head);
  return sums;
}

function add(sums: Map<string, number>, name: string, amount: number): void {
  sums.set(name, (sums.get(name) ?? 0) + amount);
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.startsWith('file:') ? relative(project, new URL(url).pathname) : url;
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

function print(title: string, sums: ReadonlyMap<string, number>): void {
  const entries = [...sums].toSorted(([, a], [, b]) => b - a);
  const total = entries.reduce((sum, [, amount]) => sum + amount, 0);
  console.log(`\n${title} (${Math.round(total)} in all)`);
  for (const [name, amount] of entries.slice(0, SHOWN)) {
    console.log(`${amount.toFixed(1).padStart(9)}  ${((amount / total) * 100).toFixed(1).padStart(4)} %  ${name}`);
  }
}
