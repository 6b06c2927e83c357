import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/notices/unfinished-notice.ts';
import type { Generation, GenerationError, LastAction } from '../../shared/model.ts';
import { failureOf, generation } from '../support/component-states.ts';
import { useStand } from '../support/stand.ts';
import { focused, wordsOf } from '../support/this-page.ts';

const stand = useStand();

describe('what was left unfinished', () => {
  const byAna: LastAction = { action: 'cancel', by: 'Ana', connectionId: 'hers', at: '2026-11-22T19:03:00.000Z' };
  interface Given {
    lastGeneration?: Generation;
    lastAction?: LastAction;
    attemptsOfIt?: number;
    error?: GenerationError;
    decides?: boolean;
    draft?: string;
  }
  const unfinished = ({ attemptsOfIt = 0, decides = true, draft = '', ...given }: Given) =>
    stand.show(html`<proof-unfinished
      .lastGeneration=${given.lastGeneration}
      .lastAction=${given.lastAction}
      .connectionId=${'me'}
      .attemptsOfIt=${attemptsOfIt}
      .error=${given.error}
      .draft=${draft}
      ?decides=${decides}
    ></proof-unfinished>`);
  const cancelled: Generation = { ...generation, cancelReason: 'too dark' };
  const told = () => wordsOf(page.getByRole('status').element());
  const add = () => page.getByRole('button', { name: 'Add to the prompt' });

  test.each([
    ['Ana', byAna],
    ['You', { ...byAna, connectionId: 'me' }],
    ['Somebody', { ...byAna, action: 'generate' }],
  ] as const)('%s is named with the reason', async (who, lastAction) => {
    await unfinished({ lastGeneration: cancelled, lastAction, decides: false });
    expect(told()).toBe(`${who} cancelled it: “too dark”`);
  });

  test('what others cancel is told without a reason, too', async () => {
    await unfinished({ lastGeneration: generation, lastAction: byAna });
    expect(told()).toBe('Ana cancelled it.');
  });

  test('a cancel of one’s own without a reason is known, and a failure as a whole is told elsewhere', async () => {
    await unfinished({ lastGeneration: generation, lastAction: { ...byAna, connectionId: 'me' } });
    expect(told()).toBe('');
    const failed = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration: { ...generation, failures: [failed] }, error: failed.error });
    expect(told()).toBe('');
    expect(stand.element.querySelector('proof-unfinished')?.hasAttribute('shown')).toBe(false);
  });

  test('failures among pictures are counted, each reason told once', async () => {
    const failures = [failureOf(0, 'It broke.'), failureOf(2, 'It was late.'), failureOf(3, 'It broke.')];
    const { error } = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration: { ...generation, candidates: 4, failures }, attemptsOfIt: 1, error });
    await expect.element(page.getByText('3 of 4 pictures failed')).toBeVisible();
    const reasons = page.getByRole('listitem').elements();
    expect(reasons.map((item) => item.textContent)).toEqual(['2 pictures: It broke.', '1 picture: It was late.']);
    expect(stand.element.querySelector('proof-unfinished')?.hasAttribute('shown')).toBe(true);
  });

  test('a reason that they share needs no count', async () => {
    const failures = [failureOf(0, 'It broke.'), failureOf(2, 'It broke.')];
    const lastGeneration = { ...generation, candidates: 4, failures };
    const { error } = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration, attemptsOfIt: 2, error, decides: false });
    expect(told()).toBe('2 of 4 pictures failed It broke.');
  });

  test('those that failed can be asked for again, as far as that may help, by who decides', async () => {
    const failures = [failureOf(0, 'It broke.'), failureOf(2, 'It broke.')];
    const lastGeneration = { ...generation, candidates: 4, failures };
    const { error } = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration, attemptsOfIt: 2, error });
    await page.getByRole('button', { name: 'Try those 2 again' }).click();
    expect(stand.intents).toEqual([{ type: 'retry' }]);
    const hopeless = failures.map((one) => ({ ...one, error: { ...one.error, retryable: false } }));
    await unfinished({ lastGeneration: { ...lastGeneration, failures: hopeless }, attemptsOfIt: 2, error });
    expect(page.getByRole('button').query()).toBeNull();
  });

  test('a cancel tells what was finished before it, and what had failed', async () => {
    const lastGeneration = { ...cancelled, candidates: 4, failures: [failureOf(1, 'It broke.')] };
    await unfinished({ lastGeneration, lastAction: byAna, attemptsOfIt: 1, decides: false });
    expect(told()).toBe(
      'Ana cancelled it: “too dark” 1 of 4 pictures was finished before that. 1 of 4 pictures failed It broke.',
    );
  });

  test('the reason can be added to the prompt, once, by who decides', async () => {
    await unfinished({ lastGeneration: cancelled, lastAction: byAna, draft: 'A fox' });
    await add().click();
    expect(stand.intents).toEqual([{ type: 'draft', text: 'A fox\ntoo dark' }]);
    await unfinished({ lastGeneration: cancelled, lastAction: byAna, draft: 'A fox\ntoo dark' });
    expect(focused()?.textContent?.trim()).toBe('Added to the prompt');
    await userEvent.keyboard('{Enter}');
    expect(stand.intents).toHaveLength(1);
    await unfinished({ lastGeneration: cancelled, lastAction: byAna, decides: false });
    expect(page.getByRole('button').query()).toBeNull();
  });

  test('markup in a reason is text', async () => {
    await unfinished({ lastGeneration: { ...generation, cancelReason: '<b>no</b>' } });
    await expect.element(page.getByText('<b>no</b>')).toBeVisible();
  });
});
