import { expect, test } from 'vitest';
import { Inbox } from '../../../client/session/inbox.ts';
import { paint } from '../../support/component-states.ts';

test('a click that comes with an image waits neither until it is decoded nor until it is verified', async () => {
  const { reference, blob } = await paint('i1');
  const data = btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
  const order: string[] = [];
  const click = () => void scheduler.postTask(() => order.push('click'), { priority: 'user-blocking' });
  const tools = {
    createObjectUrl: () => {
      order.push('decoded');
      click();
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
  click();
  await expect.poll(() => order).toEqual(['click', 'decoded', 'click', 'verified', 'delivered']);
});
