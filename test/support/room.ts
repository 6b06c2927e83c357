/** A page object for the end-to-end tests: finds things by role and name, as a person does. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright';
import { expect } from 'playwright/test';
import * as v from 'valibot';
import { SnapshotMessage } from '../../shared/protocol.ts';

/** Patient enough for a slow machine. */
export const see = expect.configure({ timeout: 15_000 });

type Picture = 'Generated image' | 'Previous image' | 'Preview, still being drawn';

export interface Saved {
  readonly name: string;
  readonly bytes: Buffer;
}

export class Room {
  readonly page: Page;
  /** The page, or the `<proof-room>` on it. */
  readonly root: Page | Locator;

  constructor(page: Page, root: Page | Locator = page) {
    this.page = page;
    this.root = root;
  }

  /** The address with the key in it. */
  get reviewLink(): string {
    return this.page.url();
  }

  get watchLink(): string {
    return this.page.url().replace(/#.*/, '');
  }

  get prompt(): Locator {
    return this.root.getByRole('textbox', { name: /prompt$/i });
  }

  /** The field for what should change in the attempt in view. */
  get feedback(): Locator {
    return this.root.getByRole('textbox', { name: /^What should change/ });
  }

  /** The field for the reason to cancel. */
  get reason(): Locator {
    return this.root.getByRole('textbox', { name: 'What is wrong with it?' });
  }

  /** The strip of attempts. */
  get strip(): Locator {
    return this.root.getByRole('toolbar', { name: 'Attempts' });
  }

  get comparison(): Locator {
    return this.root.getByRole('dialog', { name: 'Compare' });
  }

  /** The connection badge while the page is connected. */
  get live(): Locator {
    return this.root.getByText('Live', { exact: true });
  }

  get question(): Locator {
    return this.root.getByRole('alertdialog', { name: 'Start over?' });
  }

  /** The button with the number of people, which opens the name dialog. */
  people(words: string): Locator {
    return this.root.getByRole('button', { name: new RegExp(`\\b${words}\\s*\\. Change your name$`) });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** An attempt in the strip, by its number. */
  attempt(number: number): Locator {
    return this.strip.getByRole('button', { name: new RegExp(`^No\\. ${number},`) });
  }

  heading(name: string | RegExp): Locator {
    return this.root.getByRole('heading', { name, exact: true });
  }

  picture(kind: Picture): Locator {
    return this.root.getByRole('img', { name: new RegExp(`^${kind}: `) });
  }

  /** A text that screen readers announce at once. */
  alert(text: string | RegExp): Locator {
    return this.root.getByRole('alert').filter({ hasText: text });
  }

  status(text: string | RegExp): Locator {
    return this.root.getByRole('status').filter({ hasText: text });
  }

  async press(name: string): Promise<void> {
    await this.button(name).click();
  }

  /** Writes a prompt and sends it. */
  async ask(prompt: string, command: 'Generate' | 'Regenerate' = 'Generate'): Promise<void> {
    await this.prompt.fill(prompt);
    await this.press(command);
  }

  /** Generates a picture and waits until it can be decided on. */
  async makePicture(prompt: string): Promise<void> {
    await this.ask(prompt);
    await see(this.heading('Is this the picture?')).toBeVisible();
    await see(this.picture('Generated image')).toBeVisible();
  }

  /** Selects an attempt in the strip; resolves when it is in view. */
  async open(number: number): Promise<void> {
    await this.attempt(number).click();
    await see(this.attempt(number)).toHaveAttribute('aria-current', 'true');
  }

  async rename(name: string): Promise<void> {
    await this.root.getByRole('button', { name: /Change your name$/ }).click();
    await this.root.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.press('Save name');
  }

  /** Renames and waits for the new connection. */
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

  /** The SHA-256 of the bytes of an image on the page, in hex. */
  digestOf(picture: Locator): Promise<string> {
    return picture.evaluate(async (image) => {
      const bytes = await (await fetch((image as HTMLImageElement).src)).arrayBuffer();
      return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
    });
  }

  /** The text of the session state, which is unfolded and folded again. */
  async state(): Promise<string> {
    const summary = this.root.getByText('Session state', { exact: true });
    await summary.click();
    const json = await this.root.getByRole('region', { name: 'Session state as JSON' }).innerText();
    await summary.click();
    return json;
  }

  /** The session state, parsed. */
  async snapshot(): Promise<SnapshotMessage> {
    return v.parse(SnapshotMessage, JSON.parse(await this.state()));
  }
}

/** Opens an address; resolves when the page is connected. */
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
