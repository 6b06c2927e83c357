/** Sums up the profiles that a row has left: which functions and which files took the time, and the memory. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { project } from './processes.ts';

const SHOWN = 25;
/** In microseconds: a longer time is one in which the process did not run. */
const LONGEST_SAMPLE = 1_500;

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile */
interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly samples: readonly number[];
  /** In microseconds. */
  readonly timeDeltas: readonly number[];
}

interface CpuNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
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
    if (name.endsWith('.cpuprofile')) {
      const { own, total } = cpuOf(profile as CpuProfile);
      print(`${row}, ${name}: CPU of its own, ms`, own);
      print(`${row}, ${name}: CPU of ours with all that they call, ms`, total);
    }
    if (name.endsWith('.heapprofile'))
      print(`${row}, ${name}: live memory, KB`, heapOf((profile as { head: HeapNode }).head));
  }
  console.log(`\nThe profiles are in ${relative(process.cwd(), folder)}: open them in Chromium’s developer tools.`);
}

function cpuOf({ nodes, samples, timeDeltas }: CpuProfile) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const own = new Map<string, number>();
  const total = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const ms = Math.min(timeDeltas[index] ?? 0, LONGEST_SAMPLE) / 1000;
    const stack: CallFrame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const callFrame = byId.get(at)?.callFrame;
      if (callFrame) stack.push(callFrame);
    }
    const [top] = stack;
    if (!top || top.functionName === '(idle)') continue;
    add(own, nameOf(top), ms);
    for (const name of new Set(stack.filter(isOurs).map(nameOf))) add(total, name, ms);
  }
  return { own, total };
}

const isOurs = ({ url }: CallFrame): boolean => url.startsWith('http:') || /\/dist\/(server|shared)\//.test(url);

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
  console.log(`\n${title}`);
  for (const [name, amount] of entries.slice(0, SHOWN)) console.log(`${amount.toFixed(1).padStart(9)}  ${name}`);
}
