/** A page object for the review room: finds things by role and name, as a person does. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright';
import { expect } from 'playwright/test';
import * as v from 'valibot';
import { SnapshotMessage } from '../../shared/protocol.ts';

/** Playwright's `expect`, which tries again until the page shows what is expected; with a timeout for a slow machine. */
export const see = expect.configure({ timeout: 15_000 });

type Picture = 'Generated image' | 'Previous image' | 'Preview, still being drawn';

export interface Download {
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

  // ——— parts of the page ———

  /** The connection badge while the page is connected. */
  get live(): Locator {
    return this.root.getByText('Live', { exact: true });
  }

  /** The connection badge while the page is not connected. */
  get reconnecting(): Locator {
    return this.root.getByText(/^Reconnecting/);
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

  /** The pictures of a generation that has several. */
  get candidates(): Locator {
    return this.root.getByRole('list', { name: /^\d pictures of one prompt$/ }).getByRole('listitem');
  }

  get finishedCandidates(): Locator {
    return this.candidates.locator('button.candidate');
  }

  get comparison(): Locator {
    return this.root.getByRole('dialog', { name: 'Compare' });
  }

  /** The dialog that asks before a start over. */
  get question(): Locator {
    return this.root.getByRole('alertdialog', { name: 'Start over?' });
  }

  /** How the attempt in view differs from its parent. */
  get changes(): Locator {
    return this.root.getByRole('region', { name: 'What changed' });
  }

  /** The summary that unfolds the options. */
  get options(): Locator {
    return this.root.locator('summary').filter({ hasText: 'Options' });
  }

  /** The dialog that asks for a name before the first decision. */
  get nameQuestion(): Locator {
    return this.root.getByRole('dialog', { name: 'Who is deciding?' });
  }

  /** The dialog that lists the people. */
  get peopleDialog(): Locator {
    return this.root.getByRole('dialog', { name: 'People in this session' });
  }

  get nameButton(): Locator {
    return this.root.getByRole('button', { name: /Change your name$/ });
  }

  /** The same button, while it shows this number of people. */
  people(label: string): Locator {
    return this.root.getByRole('button', { name: new RegExp(`\\b${label}\\s*\\. Change your name$`) });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** The list of one option. */
  option(title: string): Locator {
    return this.root.getByRole('combobox', { name: title, exact: true, includeHidden: true });
  }

  /** An attempt in the strip, by its number. */
  attempt(number: number): Locator {
    return this.strip.getByRole('button', { name: new RegExp(`^No\\. ${number},`) });
  }

  /** A picture in the comparison, by the number of its attempt. */
  compared(number: number): Locator {
    return this.comparison.getByRole('img', { name: new RegExp(`^No\\. ${number}: `) });
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

  text(text: string | RegExp): Locator {
    return this.root.getByText(text, { exact: true });
  }

  // ——— what a person does ———

  async press(name: string): Promise<void> {
    await this.button(name).click();
  }

  /** Writes a prompt and sends it. */
  async submitPrompt(prompt: string, button: 'Generate' | 'Regenerate' = 'Generate'): Promise<void> {
    await this.prompt.fill(prompt);
    await this.press(button);
  }

  /** Generates a picture; resolves when it can be decided on. */
  async makePicture(prompt: string): Promise<void> {
    await this.submitPrompt(prompt);
    await see(this.heading('Is this the picture?')).toBeVisible();
    await see(this.picture('Generated image')).toBeVisible();
  }

  /** Sends feedback on the attempt in view, which has this number. */
  async refine(number: number, feedback: string): Promise<void> {
    await this.feedback.fill(feedback);
    await this.press(`Refine No. ${number}`);
  }

  /** Cancels the running generation with a reason. */
  async cancel(reason: string): Promise<void> {
    await this.reason.fill(reason);
    await this.press('Cancel');
  }

  /** Selects an attempt in the strip; resolves when it is in view. */
  async select(number: number): Promise<void> {
    await this.attempt(number).click();
    await see(this.attempt(number)).toHaveAttribute('aria-current', 'true');
  }

  async openOptions(): Promise<void> {
    await this.options.click();
    await see(this.root.getByLabel('Size')).toBeVisible();
  }

  /** Chooses how many pictures the next generation has; the options must be open. */
  async chooseCandidates(count: number): Promise<void> {
    await this.root.getByRole('radio', { name: String(count), exact: true }).check();
  }

  async openComparison(): Promise<void> {
    await this.press('Compare');
    await see(this.comparison.getByRole('heading', { name: 'Compare' })).toBeFocused();
  }

  /** Starts over, and confirms it in the dialog. */
  async startOver(): Promise<void> {
    await this.press('Start over');
    await this.question.getByRole('button', { name: 'Start over' }).click();
  }

  async enterName(name: string): Promise<void> {
    await this.nameButton.click();
    await this.root.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.press('Save name');
  }

  /** Answers the question for the name, with which the decision goes on. */
  async sayName(name: string): Promise<void> {
    await this.nameQuestion.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.nameQuestion.getByRole('button', { name: /^Save/ }).click();
  }

  /** Changes the name; resolves when the page has joined again for it. */
  async rename(name: string): Promise<void> {
    await this.enterName(name);
    await see(this.live).toBeVisible();
  }

  get downloadLink(): Locator {
    return this.root.getByRole('link', { name: 'Download' });
  }

  async download(): Promise<Download> {
    const started = this.page.waitForEvent('download');
    await this.downloadLink.click();
    const download = await started;
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await see(this.live).toBeVisible();
  }

  // ——— what the page knows ———

  /** The SHA-256 of the bytes of an image on the page, in hex. */
  digestOf(picture: Locator): Promise<string> {
    return picture.evaluate(async (image) => {
      const bytes = await (await fetch((image as HTMLImageElement).src)).arrayBuffer();
      return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
    });
  }

  /** The JSON of the session state, for reviewers alone. It is unfolded and folded again. */
  async state(): Promise<string> {
    const [details, summary] = [this.text('Session details'), this.text('Session state')];
    await details.click();
    await summary.click();
    const json = await this.root.getByRole('region', { name: 'Session state as JSON' }).innerText();
    await summary.click();
    await details.click();
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
