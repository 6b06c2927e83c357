/** A room as a person finds their way in it: by the names and roles of its parts, whatever they are made of. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright';
import { expect } from 'playwright/test';
import * as v from 'valibot';
import { SnapshotMessage } from '../../shared/protocol.ts';

/** Waits until a person would see it; on a slow machine that takes its time. */
export const see = expect.configure({ timeout: 15_000 });

type Picture = 'Generated image' | 'Previous image' | 'Preview, still being drawn';

export interface Saved {
  readonly name: string;
  readonly bytes: Buffer;
}

export class Room {
  readonly page: Page;
  /** The page itself, or the one element of it that is the room. */
  readonly root: Page | Locator;

  constructor(page: Page, root: Page | Locator = page) {
    this.page = page;
    this.root = root;
  }

  /** The address, with the key in it, that brings somebody else into the same session. */
  get reviewLink(): string {
    return this.page.url();
  }

  get watchLink(): string {
    return this.page.url().replace(/#.*/, '');
  }

  get prompt(): Locator {
    return this.root.getByRole('textbox', { name: /prompt$/i });
  }

  /** Says what should change in the picture that is looked at. */
  get feedback(): Locator {
    return this.root.getByRole('textbox', { name: /^What should change/ });
  }

  /** Says what is wrong with the picture that is being drawn. */
  get reason(): Locator {
    return this.root.getByRole('textbox', { name: 'What is wrong with it?' });
  }

  /** Every attempt that is kept, as small pictures. */
  get strip(): Locator {
    return this.root.getByRole('toolbar', { name: 'Attempts' });
  }

  get comparison(): Locator {
    return this.root.getByRole('dialog', { name: 'Compare' });
  }

  /** The connection's state, as the bar at the top says it. */
  get live(): Locator {
    return this.root.getByText('Live', { exact: true });
  }

  get question(): Locator {
    return this.root.getByRole('alertdialog', { name: 'Start over?' });
  }

  /** Who is here, in the words of the bar at the top; it opens the dialog about people. */
  people(words: string): Locator {
    return this.root.getByRole('button', { name: new RegExp(`\\b${words}\\s*\\. Change your name$`) });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** An attempt in the strip, by the number that people know it by. */
  attempt(number: number): Locator {
    return this.strip.getByRole('button', { name: new RegExp(`^No\\. ${number},`) });
  }

  heading(name: string | RegExp): Locator {
    return this.root.getByRole('heading', { name, exact: true });
  }

  picture(kind: Picture): Locator {
    return this.root.getByRole('img', { name: new RegExp(`^${kind}: `) });
  }

  /** What is said at once, and to screen readers too. */
  alert(text: string | RegExp): Locator {
    return this.root.getByRole('alert').filter({ hasText: text });
  }

  status(text: string | RegExp): Locator {
    return this.root.getByRole('status').filter({ hasText: text });
  }

  async press(name: string): Promise<void> {
    await this.button(name).click();
  }

  /** Writes a prompt and asks for its picture, the first one or another. */
  async ask(prompt: string, command: 'Generate' | 'Regenerate' = 'Generate'): Promise<void> {
    await this.prompt.fill(prompt);
    await this.press(command);
  }

  /** Asks for a picture, and waits until it is there to be decided on. */
  async makePicture(prompt: string): Promise<void> {
    await this.ask(prompt);
    await see(this.heading('Is this the picture?')).toBeVisible();
    await see(this.picture('Generated image')).toBeVisible();
  }

  /** Looks at one attempt in the strip; resolves when it is on show. */
  async open(number: number): Promise<void> {
    await this.attempt(number).click();
    await see(this.attempt(number)).toHaveAttribute('aria-current', 'true');
  }

  async rename(name: string): Promise<void> {
    await this.root.getByRole('button', { name: /Change your name$/ }).click();
    await this.root.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.press('Save name');
  }

  /** Takes a name that the others see. */
  async callMe(name: string): Promise<void> {
    await this.rename(name);
    await see(this.live).toBeVisible();
  }

  async download(): Promise<Saved> {
    const started = this.page.waitForEvent('download');
    await this.root.getByRole('link', { name: 'Download' }).click();
    const download = await started;
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }

  /** Of the bytes of an image on show, in hex. */
  digestOf(picture: Locator): Promise<string> {
    return picture.evaluate(async (image) => {
      const bytes = await (await fetch((image as HTMLImageElement).src)).arrayBuffer();
      return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
    });
  }

  /** What the state inspector shows, which is closed again. */
  async state(): Promise<string> {
    const summary = this.root.getByText('Session state', { exact: true });
    await summary.click();
    const json = await this.root.getByRole('region', { name: 'Session state as JSON' }).innerText();
    await summary.click();
    return json;
  }

  /** The same, understood. */
  async snapshot(): Promise<SnapshotMessage> {
    return v.parse(SnapshotMessage, JSON.parse(await this.state()));
  }
}

/** Opens an address in a tab; resolves when the session is there. */
export async function enter(page: Page, address: string): Promise<Room> {
  await page.goto(address);
  const room = new Room(page);
  await see(room.live).toBeVisible();
  return room;
}

export const digest = (bytes: Uint8Array | undefined): string =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
