import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/notices/ended-notice.ts';
import '../../../../client/components/notices/error-notice.ts';
import '../../../../client/components/notices/rejection-notice.ts';
import { endedNotices } from '../../../../client/model/sentences.ts';
import type { EndReason } from '../../../../client/session/session-state.ts';
import { textOf } from '../../../support/dom.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

describe('the ended notice', () => {
  const show = (reason: EndReason, { prompt = '', keeps = false } = {}) =>
    stand.show(html`<proof-ended-notice
      .connection=${{ status: 'closed', reason }}
      .prompt=${prompt}
      ?keeps=${keeps}
    ></proof-ended-notice>`);

  test.each(Object.keys(endedNotices) as EndReason[])('R9: says what happened and what to do: %s', async (reason) => {
    await show(reason);
    const { title, text, action } = endedNotices[reason];
    await expect.element(page.getByRole('heading', { name: title })).toBeVisible();
    await expect.element(page.getByText(text)).toBeVisible();
    const label = action === 'reconnect' ? 'Connect again' : 'Start a new session';
    await page.getByRole('button', { name: label }).click();
    const intent = action === 'reconnect' ? { type: 'reconnect' } : { type: 'new_session', prompt: '' };
    expect(stand.intents).toEqual([intent]);
  });

  test('R9: a new session begins with the prompt, and the picture stays', async () => {
    await show('session_gone', { prompt: 'A fox', keeps: true });
    await expect.element(page.getByText(/What you see stays on this page/)).toBeVisible();
    await page.getByRole('button', { name: 'New session, same prompt' }).click();
    expect(stand.intents).toEqual([{ type: 'new_session', prompt: 'A fox' }]);
  });
});

test.each([
  [true, true, 1],
  [false, true, 0],
  [true, false, 0],
])(
  'the error notice offers Try again only where it may help (%s) and to reviewers (%s)',
  async (retryable, decides, count) => {
    const error = { code: 'timeout', message: 'The model took too long.', retryable } as const;
    await stand.show(html`<proof-error-notice .error=${error} ?decides=${decides}></proof-error-notice>`);
    await expect.element(page.getByText('The model took too long.')).toBeVisible();
    expect(page.getByRole('button', { name: 'Try again' }).elements()).toHaveLength(count);
  },
);

describe('the rejection notice', () => {
  const clock = new ManualClock();
  const at = new Date(clock.now() + 500).toISOString();
  const lastAction = { action: 'approve', by: 'Ana', participantId: 'ana', connectionId: 'c2', at } as const;
  const rejection = {
    command: 'regenerate',
    code: 'stale',
    message: 'Too late.',
    lastAction,
    at: clock.now(),
  } as const;
  const show = (participantId: string) =>
    stand.show(html`<proof-rejection-notice
      .clock=${clock}
      .participantId=${participantId}
      .rejection=${rejection}
    ></proof-rejection-notice>`);
  const notice = () => stand.element.querySelector('proof-rejection-notice');
  const text = () => textOf(notice()?.shadowRoot?.querySelector('.notice p'));

  test('M2: says who did what, and when; never in the future', async () => {
    await show('me');
    expect(text()).toBe('\u2068Ana\u2069 approved this image just now.');
    clock.advance(2_600);
    await expect.poll(text).toBe('\u2068Ana\u2069 approved this image 2 s ago.');
    await show('ana');
    expect(text()).toBe('You approved this image 2 s ago.');
  });

  test('counts the time by the server’s clock, however wrong the browser’s is', async () => {
    const hour = 3_600_000;
    clock.advance(5_000);
    const late = {
      ...rejection,
      lastAction: { ...lastAction, at: new Date(clock.now() - hour - 2_000).toISOString() },
    };
    await stand.show(html`<proof-rejection-notice
      .clock=${clock}
      .serverAheadMs=${-hour}
      .participantId=${'me'}
      .rejection=${late}
    ></proof-rejection-notice>`);
    expect(text()).toBe('\u2068Ana\u2069 approved this image 2 s ago.');
  });

  test('announces the sentence once, and can be dismissed', async () => {
    await show('me');
    const announced = page.getByRole('alert').element().textContent;
    clock.advance(60_000);
    await expect.poll(text).toMatch(/min ago/);
    expect(page.getByRole('alert').element().textContent).toBe(announced);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect.element(page.getByText(/^Ana/)).not.toBeInTheDocument();
    expect(notice()?.hasAttribute('shown')).toBe(false);
  });
});
