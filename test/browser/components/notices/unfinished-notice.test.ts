import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/notices/unfinished-notice.ts';
import type { Generation, GenerationError, LastAction } from '../../../../shared/model.ts';
import { failureOf, generation } from '../../../support/component-states.ts';
import { focused, textOf } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

describe('the unfinished notice', () => {
  const byAna: LastAction = {
    action: 'cancel',
    by: 'Ana',
    participantId: 'ana',
    connectionId: 'c2',
    at: '2026-11-22T19:03:00.000Z',
  };
  interface Given {
    lastGeneration?: Generation;
    lastAction?: LastAction;
    finished?: number;
    error?: GenerationError;
    decides?: boolean;
    draft?: string;
  }
  const unfinished = ({ finished = 0, decides = true, draft = '', ...given }: Given) =>
    stand.show(html`<proof-unfinished-notice
      .lastGeneration=${given.lastGeneration}
      .lastAction=${given.lastAction}
      .participantId=${'me'}
      .finished=${finished}
      .error=${given.error}
      .draft=${draft}
      ?decides=${decides}
    ></proof-unfinished-notice>`);
  const cancelled: Generation = { ...generation, cancelReason: 'too dark' };
  const text = () => textOf(page.getByRole('status').element());
  const add = () => page.getByRole('button', { name: 'Add to the prompt' });

  test.each([
    ['Ana', byAna],
    ['You', { ...byAna, participantId: 'me' }],
    ['Somebody', { ...byAna, action: 'generate' }],
  ] as const)('names %s with the reason', async (who, lastAction) => {
    await unfinished({ lastGeneration: cancelled, lastAction, decides: false });
    expect(text()).toBe(`${who} cancelled it: “too dark”`);
  });

  test('shows what somebody else cancelled without a reason', async () => {
    await unfinished({ lastGeneration: generation, lastAction: byAna });
    expect(text()).toBe('Ana cancelled it.');
  });

  test('is hidden after this person’s own cancel without a reason, and where the error notice says it all', async () => {
    await unfinished({ lastGeneration: generation, lastAction: { ...byAna, participantId: 'me' } });
    expect(text()).toBe('');
    const failed = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration: { ...generation, failures: [failed] }, error: failed.error });
    expect(text()).toBe('');
    expect(stand.element.querySelector('proof-unfinished-notice')?.hasAttribute('shown')).toBe(false);
  });

  test('counts the failures, and shows each reason once', async () => {
    const failures = [failureOf(0, 'It broke.'), failureOf(2, 'It was late.'), failureOf(3, 'It broke.')];
    const { error } = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration: { ...generation, candidates: 4, failures }, finished: 1, error });
    await expect.element(page.getByText('3 of 4 pictures failed')).toBeVisible();
    const reasons = page.getByRole('listitem').elements();
    expect(reasons.map((item) => item.textContent)).toEqual(['2 pictures: It broke.', '1 picture: It was late.']);
    expect(stand.element.querySelector('proof-unfinished-notice')?.hasAttribute('shown')).toBe(true);
  });

  test('shows a common reason without a count', async () => {
    const failures = [failureOf(0, 'It broke.'), failureOf(2, 'It broke.')];
    const lastGeneration = { ...generation, candidates: 4, failures };
    const { error } = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration, finished: 2, error, decides: false });
    expect(text()).toBe('2 of 4 pictures failed It broke.');
  });

  test('lets reviewers try again what may succeed', async () => {
    const failures = [failureOf(0, 'It broke.'), failureOf(2, 'It broke.')];
    const lastGeneration = { ...generation, candidates: 4, failures };
    const { error } = failureOf(0, 'It broke.');
    await unfinished({ lastGeneration, finished: 2, error });
    await page.getByRole('button', { name: 'Try those 2 again' }).click();
    expect(stand.intents).toEqual([{ type: 'retry' }]);
    const hopeless = failures.map((one) => ({ ...one, error: { ...one.error, retryable: false } }));
    await unfinished({ lastGeneration: { ...lastGeneration, failures: hopeless }, finished: 2, error });
    expect(page.getByRole('button').query()).toBeNull();
  });

  test('shows what was finished before a cancel, and what had failed', async () => {
    const lastGeneration = { ...cancelled, candidates: 4, failures: [failureOf(1, 'It broke.')] };
    await unfinished({ lastGeneration, lastAction: byAna, finished: 1, decides: false });
    expect(text()).toBe(
      'Ana cancelled it: “too dark” 1 of 4 pictures was finished before that. 1 of 4 pictures failed It broke.',
    );
  });

  test('lets reviewers add the reason to the prompt once', async () => {
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

  test('S5: shows markup in a reason as text', async () => {
    await unfinished({ lastGeneration: { ...generation, cancelReason: '<b>no</b>' } });
    await expect.element(page.getByText(/<b>no<\/b>/)).toBeVisible();
  });
});
