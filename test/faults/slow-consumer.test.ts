import { expect, test } from 'vitest';
import { FrameSkimmer } from './skimmer.ts';
import { measureSlowConsumer, problemsOf } from './slow-consumer.ts';

test('the skimmer tells frames of every length apart, however their bytes come', () => {
  const frames = [
    Buffer.concat([Buffer.from([0x81, 2]), Buffer.from('{}')]),
    Buffer.concat([Buffer.from([0x81, 126, 0x01, 0x00]), Buffer.alloc(256, 'b')]),
    Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Buffer.alloc(65_536, 'c')]),
    Buffer.from([0x89, 0]),
    Buffer.concat([Buffer.from([0x81, 1]), Buffer.from('e')]),
  ];
  for (const step of [1, 7, 1_000, 100_000]) {
    const beginnings: string[] = [];
    const skimmer = new FrameSkimmer((beginning) => beginnings.push(beginning));
    const bytes = Buffer.concat(frames);
    for (let at = 0; at < bytes.length; at += step) skimmer.read(bytes.subarray(at, at + step));
    expect(beginnings.map((beginning) => beginning[0] ?? '')).toEqual(['{', 'b', 'c', '', 'e']);
  }
});

test('R3: a stalled tab costs the cap plus one frame, and the other nine get every image', async () => {
  expect(problemsOf(await measureSlowConsumer(5))).toEqual([]);
});
