import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/sidebar/cancel-form.ts';
import { useStand } from '../support/stand.ts';

const stand = useStand();

describe('cancelling', () => {
  const cancel = ({ free = false, busy = false, unavailable = false, limit = 2000 } = {}) =>
    stand.showForm(
      ({ reason = '' }) =>
        html`<proof-cancel
          .limit=${limit}
          .reason=${reason}
          ?free=${free}
          ?busy=${busy}
          ?unavailable=${unavailable}
        ></proof-cancel>`,
    );
  const press = () => page.getByRole('button', { name: 'Cancel' }).click();
  const reason = () => page.getByRole('textbox', { name: 'What is wrong with it?' });

  test('takes one click and no reason', async () => {
    await cancel();
    await press();
    expect(stand.intents).toEqual([{ type: 'cancel' }]);
  });

  test('takes the reason along, by the button or by Enter', async () => {
    await cancel();
    await reason().fill('  too dark ');
    await userEvent.keyboard('{Enter}');
    await press();
    expect(stand.intents).toEqual([
      { type: 'cancel', reason: 'too dark' },
      { type: 'cancel', reason: 'too dark' },
    ]);
  });

  test('is never held up by a reason that is too long: the field takes no more', async () => {
    await cancel({ limit: 8 });
    await userEvent.type(reason(), 'too dark by far');
    await press();
    expect(stand.intents).toEqual([{ type: 'cancel', reason: 'too dark' }]);
  });

  test.each([{ busy: true }, { unavailable: true }])('waits while %j', async (state) => {
    await cancel(state);
    (page.getByRole('button').element() as HTMLElement).click();
    reason().element().focus();
    await userEvent.keyboard('{Enter}');
    expect(stand.intents).toEqual([]);
  });

  test('says that it may still cost, unless nothing does', async () => {
    await cancel();
    await expect.element(page.getByText('A cancelled drawing may still be billed.')).toBeVisible();
    await cancel({ free: true });
    await expect.element(page.getByText(/billed/)).not.toBeInTheDocument();
  });

  test('stands above its reason where it is narrow, beside it where there is room', async () => {
    await cancel();
    const tops = () => [page.getByRole('button'), reason()].map((one) => one.element().getBoundingClientRect().bottom);
    stand.element.style.setProperty('inline-size', '320px');
    const [button = 0, field = 0] = tops();
    expect(button).toBeLessThan(field - 40);
    stand.element.style.setProperty('inline-size', '600px');
    expect(tops()[0]).toBe(tops()[1]);
  });
});
