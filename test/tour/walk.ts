/** The way through every state of the page, with a screenshot of each. */

import type { FakeOpenAI } from '../support/fake-openai.ts';
import { enter, Room, see } from '../support/room.ts';
import type { WatchedServer } from '../support/watched-server.ts';
import type { Album } from './album.ts';

type Start = (environment: Readonly<Record<string, string>>) => Promise<WatchedServer>;

const PROMPT = 'A lighthouse on a cliff above a calm sea, last light, gouache';
const PROMPTS = [
  'A lighthouse on a cliff above a stormy sea, gouache',
  'A lighthouse on a cliff above a stormy sea, at night, gouache',
  'A harbour town beneath a lighthouse, woodcut',
  'A harbour town beneath a lighthouse in the snow, woodcut',
];
const FEEDBACK = 'Warmer light, and no boat';
const REASON = 'The tower leans to the left';
const TOKEN = 'an-access-token-of-more-than-32-characters';

export async function walk(album: Album, openai: FakeOpenAI, start: Start): Promise<void> {
  const { address } = await start({});
  const room = await enter(await album.newPage(), address);
  await firstPicture(album, openai, room);
  await review(album, openai, room);
  await failures(album, openai, room);
  await candidates(album, openai, room);
  await ending(album, room);
  await queue(album, openai, start);
  await refusals(album, start, address);
  await outage(album, start);
}

async function firstPicture(album: Album, openai: FakeOpenAI, room: Room): Promise<void> {
  await album.take(room.page, 'first-page');
  await room.openOptions();
  await album.take(room.page, 'options-open');
  await closeOptions(room);
  await room.press('Generate');
  await see(room.alert(/^Write a prompt first/)).toBeVisible();
  await album.take(room.page, 'blank-prompt');
  const watcher = await enter(await album.newPage(), room.watchLink);
  await album.take(watcher.page, 'watching-an-empty-session');

  openai.next('held');
  await room.submitPrompt(PROMPT);
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  await album.take(room.page, 'generating-with-preview');
  await see(watcher.picture('Preview, still being drawn')).toBeVisible();
  await album.take(watcher.page, 'watching-a-generation');
  openai.release();
  await see(room.picture('Generated image')).toBeVisible();
  await album.take(room.page, 'review-of-one-attempt');
  await see(watcher.picture('Generated image')).toBeVisible();
  await album.take(watcher.page, 'watching-a-review');
  await watcher.page.close();
}

async function review(album: Album, openai: FakeOpenAI, room: Room): Promise<void> {
  await room.root.getByText('About this picture').click();
  await album.take(room.page, 'facts-open');
  await room.root.getByText('About this picture').click();
  await room.feedback.fill(FEEDBACK);
  await album.take(room.page, 'refinement-written');
  await room.press('Refine No. 1');
  await see(room.attempt(2)).toHaveAttribute('aria-current', 'true');
  await album.take(room.page, 'refined');
  for (const [at, prompt] of PROMPTS.entries()) {
    await room.submitPrompt(prompt, 'Regenerate');
    await see(room.attempt(at + 3)).toHaveAttribute('aria-current', 'true');
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${prompt}`);
  }
  await album.take(room.page, 'review-of-six-attempts');

  await room.press('Compare');
  for (const side of await room.comparison.getByRole('img').all()) await see(side).toBeVisible();
  await album.take(room.page, 'compared-side-by-side');
  await room.comparison.getByText('Slider', { exact: true }).click();
  await see(room.comparison.getByRole('slider')).toBeVisible();
  await album.take(room.page, 'compared-with-the-slider');
  await room.page.keyboard.press('Escape');

  await room.press('Discard No. 6');
  await see(room.button('Undo')).toBeVisible();
  await album.take(room.page, 'discarded-with-undo');
  openai.next('held');
  await room.select(2);
  await room.press('Regenerate');
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  await room.select(1);
  await album.take(room.page, 'another-selected-while-drawing');
  openai.release();
  await see(room.button('Regenerate')).toBeVisible();
}

async function failures(album: Album, openai: FakeOpenAI, room: Room): Promise<void> {
  openai.next('moderation_blocked');
  await room.press('Regenerate');
  await see(room.alert(/safety system/)).toBeVisible();
  await album.take(room.page, 'error-beside-a-picture');

  openai.next('rate_limited', { retryAfter: 60 });
  await room.press('Regenerate');
  await see(room.heading(/^Second try in/)).toBeVisible();
  await album.take(room.page, 'waiting-to-retry');
  await room.press('Cancel');
  await see(room.button('Regenerate')).toBeVisible();

  openai.next('held');
  await room.press('Regenerate');
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  await room.reason.fill(REASON);
  await album.take(room.page, 'reason-to-cancel-written');
  await room.press('Cancel');
  await see(room.status(`You cancelled it: “${REASON}”`)).toBeVisible();
  await album.take(room.page, 'cancelled-with-a-reason');
}

async function candidates(album: Album, openai: FakeOpenAI, room: Room): Promise<void> {
  await room.openOptions();
  await room.chooseCandidates(4);
  await closeOptions(room);
  for (const name of ['drawn', 'held', 'moderation_blocked', 'held'] as const) openai.next(name);
  await room.press('Regenerate');
  await see(room.finishedCandidates).toHaveCount(1);
  await see(room.candidates.filter({ hasText: 'Preview' })).toHaveCount(2);
  await see(room.candidates.filter({ hasText: 'safety system' })).toHaveCount(1);
  await album.take(room.page, 'four-candidates-in-progress');
  openai.release();
  await see(room.heading('Which of them?')).toBeVisible();
  await see(room.finishedCandidates).toHaveCount(3);
  await album.take(room.page, 'candidates-settled-one-failed');
  await room.finishedCandidates.first().click();
  await see(room.heading('Is this the picture?')).toBeVisible();
  await album.take(room.page, 'one-of-the-candidates-selected');
}

async function ending(album: Album, room: Room): Promise<void> {
  await room.press('Start over');
  await see(room.question).toBeVisible();
  await album.take(room.page, 'start-over-question');
  await room.page.keyboard.press('Escape');
  await room.press('Share');
  await see(room.root.getByRole('dialog', { name: 'Share this session' })).toBeVisible();
  await album.take(room.page, 'share-dialog');
  await room.page.keyboard.press('Escape');
  await room.nameButton.click();
  await see(room.root.getByRole('textbox', { name: 'Your name' })).toBeVisible();
  await album.take(room.page, 'people-dialog');
  await room.page.keyboard.press('Escape');
  await room.press('Approve');
  await see(room.nameQuestion).toBeVisible();
  await album.take(room.page, 'name-question');
  await room.sayName('Mira');
  await see(room.heading('Approved')).toBeVisible();
  await album.take(room.page, 'final');
}

async function queue(album: Album, openai: FakeOpenAI, start: Start): Promise<void> {
  const { address } = await start({ PROOFROOM_CONCURRENT_CANDIDATES: '1' });
  const first = await enter(await album.newPage(), address);
  const second = await enter(await album.newPage(), address);
  openai.next('held');
  await first.submitPrompt(PROMPT);
  await see(first.picture('Preview, still being drawn')).toBeVisible();
  await second.submitPrompt(PROMPT);
  await see(second.heading(/^Waiting/)).toBeVisible();
  await album.take(second.page, 'waiting-in-the-queue');
  openai.release();
}

async function refusals(album: Album, start: Start, address: string): Promise<void> {
  const guarded = await start({ PROOFROOM_ACCESS_TOKEN: TOKEN });
  const page = await album.newPage();
  await page.goto(guarded.address);
  await see(page.getByLabel('Access token')).toBeVisible();
  await album.take(page, 'token-form');
  await page.getByLabel('Access token').fill('a wrong one');
  await page.getByRole('button', { name: 'Continue' }).click();
  await see(page.getByRole('alert').filter({ hasText: /did not accept/ })).toBeVisible();
  await album.take(page, 'token-refused');

  const owner = await enter(await album.newPage(), address);
  const stranger = new Room(await album.newPage());
  await stranger.page.goto(`${owner.watchLink}#not-the-key`);
  await see(stranger.heading('This link does not let you in')).toBeVisible();
  await album.take(stranger.page, 'link-refused');
}

/** The demo generator, and a server that goes away and comes back. */
async function outage(album: Album, start: Start): Promise<void> {
  const demo = { PROOFROOM_GENERATOR: 'demo' };
  const server = await start(demo);
  const room = await enter(await album.newPage(), server.address);
  await album.take(room.page, 'demo-first-page');
  await room.makePicture(PROMPT);
  await album.take(room.page, 'demo-review');
  album.allowErrors(/net::ERR_|WebSocket connection to .* failed/);
  await server.kill();
  await see(room.reconnecting).toBeVisible();
  await album.take(room.page, 'reconnecting');
  await start({ ...demo, PORT: String(server.port) });
  await see(room.heading('This session is gone')).toBeVisible();
  await album.take(room.page, 'session-gone');
}

async function closeOptions(room: Room): Promise<void> {
  await room.options.click();
  await see(room.root.getByLabel('Size')).toBeHidden();
}
