import { afterEach, expect, test, vi } from 'vitest';
import { Inbox } from '../../../client/session/inbox.ts';
import { paint } from '../../support/component-states.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Clicks when an image arrives and again when it is decoded. Returns the order in which the clicks and the steps of the image ran. */
async function receivedWithClicks(): Promise<string[]> {
  const { reference, blob } = await paint('i1');
  const data = btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const click = () => scheduler.postTask(() => order.push('click'), { priority: 'user-blocking' });
  const tools = {
    createObjectUrl: () => {
      order.push('decoded');
      void click().then(() => resolve());
      return 'blob:1';
    },
    revokeObjectUrl: () => {},
    sha256: async () => {
      order.push('verified');
      return reference.sha256;
    },
  };
  const inbox = new Inbox(tools, (message) =>
    order.push('image' in message && message.image ? 'delivered' : 'refused'),
  );
  inbox.receive({ type: 'image', ...reference, data });
  void click();
  await promise;
  await expect.poll(() => order).toContain('delivered');
  return order;
}

test('a click that comes with an image waits neither until it is decoded nor until it is verified', async () => {
  expect(await receivedWithClicks()).toEqual(['click', 'decoded', 'click', 'verified', 'delivered']);
});

test('a hidden page takes an image in at once, since browsers hold back the tasks of hidden pages', async () => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  expect(await receivedWithClicks()).toEqual(['decoded', 'verified', 'delivered', 'click', 'click']);
});
