import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/sidebar/cancel-form.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

describe('the cancel form', () => {
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

  test('cancels with one click and no reason', async () => {
    await cancel();
    await press();
    expect(stand.intents).toEqual([{ type: 'cancel' }]);
  });

  test('sends the reason with the button and with Enter', async () => {
    await cancel();
    await reason().fill('  too dark ');
    await userEvent.keyboard('{Enter}');
    await press();
    expect(stand.intents).toEqual([
      { type: 'cancel', reason: 'too dark' },
      { type: 'cancel', reason: 'too dark' },
    ]);
  });

  test('takes no more characters than a reason may have', async () => {
    await cancel({ limit: 8 });
    await userEvent.type(reason(), 'too dark by far');
    await press();
    expect(stand.intents).toEqual([{ type: 'cancel', reason: 'too dark' }]);
  });

  test.each([{ busy: true }, { unavailable: true }])('sends nothing while %j', async (state) => {
    await cancel(state);
    (page.getByRole('button').element() as HTMLElement).click();
    reason().element().focus();
    await userEvent.keyboard('{Enter}');
    expect(stand.intents).toEqual([]);
  });

  test('says that a cancel may be billed, unless it is free', async () => {
    await cancel();
    await expect.element(page.getByText('A cancelled drawing may still be billed.')).toBeVisible();
    await cancel({ free: true });
    await expect.element(page.getByText(/billed/)).not.toBeInTheDocument();
  });

  test('puts the button above the reason in a narrow column, and beside it in a wide one', async () => {
    await cancel();
    const tops = () => [page.getByRole('button'), reason()].map((one) => one.element().getBoundingClientRect().bottom);
    stand.element.style.setProperty('inline-size', '320px');
    const [button = 0, field = 0] = tops();
    expect(button).toBeLessThan(field - 40);
    stand.element.style.setProperty('inline-size', '600px');
    expect(tops()[0]).toBe(tops()[1]);
  });
});
