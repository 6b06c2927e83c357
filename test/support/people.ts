/** Several people in one session, each with a browser of their own. */
import type { BrowserContextOptions } from 'playwright';
import { expect } from 'vitest';
import type { TestBrowser } from './browser.ts';
import { type DelayedConnection, delayConnection } from './delayed-connection.ts';
import type { FakeOpenAI } from './fake-openai.ts';
import { digest, enter, type Room, see } from './room.ts';

/** A profile that remembers the person's name from an earlier visit. */
function profileOf(name: string, address: string): BrowserContextOptions {
  const { origin } = new URL(address);
  return {
    storageState: { cookies: [], origins: [{ origin, localStorage: [{ name: 'proofroom.name', value: name }] }] },
  };
}

/** Somebody in a new profile, by name. */
export async function enterAs(name: string, browser: TestBrowser, address: string): Promise<Room> {
  return enter(await browser.newPage(profileOf(name, address)), address);
}

/** Ana opens a session, and Bo comes by its review link. */
export async function twoReviewers(browser: TestBrowser, address: string): Promise<{ ana: Room; bo: Room }> {
  const ana = await enterAs('Ana', browser, address);
  return { ana, bo: await enterAs('Bo', browser, ana.reviewLink) };
}

/** The same, and Cy comes by the watch link. */
export async function twoReviewersAndWatcher(
  browser: TestBrowser,
  address: string,
): Promise<{ ana: Room; bo: Room; cy: Room }> {
  const { ana, bo } = await twoReviewers(browser, address);
  const cy = await enterAs('Cy', browser, ana.watchLink);
  for (const room of [ana, bo, cy]) await see(room.people('2 reviewers, 1 watching')).toBeVisible();
  return { ana, bo, cy };
}

/** A person whom the server's messages reach only when the test lets them. */
export interface DelayedPerson {
  readonly room: Room;
  readonly connection: DelayedConnection;
}

export async function enterDelayed(name: string, browser: TestBrowser, address: string): Promise<DelayedPerson> {
  const page = await browser.newPage(profileOf(name, address));
  const connection = await delayConnection(page);
  return { connection, room: await enter(page, address) };
}

/** Makes one picture of each prompt; resolves when every room shows the last one. */
export async function makePictures(rooms: readonly [Room, ...Room[]], prompts: readonly string[]): Promise<void> {
  const [author] = rooms;
  for (const [index, prompt] of prompts.entries()) {
    await author.submitPrompt(prompt, index === 0 ? 'Generate' : 'Regenerate');
    await see(author.picture('Generated image')).toHaveAccessibleName(`Generated image: ${prompt}`);
    await see(author.button('Regenerate')).toBeVisible();
  }
  for (const room of rooms)
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${prompts.at(-1)}`);
}

/** Waits until the picture on show has the bytes that answered request `number`, counted from 1. */
export async function seePicture(room: Room, openai: FakeOpenAI, number: number): Promise<void> {
  await expect
    .poll(() => room.digestOf(room.picture('Generated image')), { timeout: 15_000 })
    // In a function, as the request may not have been answered yet.
    .toSatisfy((shown) => shown === digest(openai.sent[number - 1]?.final), `the picture of request ${number}`);
}
