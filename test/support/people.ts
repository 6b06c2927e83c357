/** Several people in one session, each with a browser of their own: the first opens it, the others come by its link. */
import { expect } from 'vitest';
import type { TestBrowser } from './browser.ts';
import { type DelayedConnection, delayConnection } from './delayed-connection.ts';
import type { FakeOpenAI } from './fake-openai.ts';
import { digest, enter, type Room, see } from './room.ts';

/** Long enough for a picture to come and be decoded on a slow machine. */
const PATIENCE_MS = 15_000;

export interface People {
  readonly ana: Room;
  readonly bo: Room;
  /** Came by the watch link. */
  readonly cy: Room;
}

/** Two who may decide, by name, and one who may only watch. */
export async function gather(browser: TestBrowser, address: string): Promise<People> {
  const ana = await enter(await browser.newPage(), address);
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  const cy = await enter(await browser.newPage(), ana.watchLink);
  await ana.callMe('Ana');
  await bo.callMe('Bo');
  for (const room of [ana, bo, cy]) await see(room.people('2 reviewers, 1 watching')).toBeVisible();
  return { ana, bo, cy };
}

/** Somebody who hears of what happens as late as the test wants. */
export interface LatePerson {
  readonly room: Room;
  readonly line: DelayedConnection;
}

export async function comeLate(browser: TestBrowser, name: string, address: string): Promise<LatePerson> {
  const page = await browser.newPage();
  const line = await delayConnection(page);
  const room = await enter(page, address);
  await room.callMe(name);
  return { room, line };
}

/** Asks for one picture after the other, each of a prompt of its own; resolves when the last is there in every one of `rooms`. */
export async function drawRow(rooms: readonly [Room, ...Room[]], prompts: readonly string[]): Promise<void> {
  const [asking] = rooms;
  for (const [at, prompt] of prompts.entries()) {
    await asking.ask(prompt, at === 0 ? 'Generate' : 'Regenerate');
    for (const room of rooms)
      await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${prompt}`);
    await see(asking.button('Regenerate')).toBeVisible();
  }
}

/** Waits until the picture on show is the one that request `number`, from 1, was answered with, byte for byte. */
export async function shows(room: Room, openai: FakeOpenAI, number: number): Promise<void> {
  await expect
    .poll(() => room.digestOf(room.picture('Generated image')), { timeout: PATIENCE_MS })
    .toSatisfy((shown) => shown === digest(openai.sent[number - 1]?.final), `the picture of request ${number}`);
}
