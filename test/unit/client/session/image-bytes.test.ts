import { expect, test } from 'vitest';
import { receiveImage } from '../../../../client/session/image-bytes.ts';
import { reference } from '../../../support/machine.ts';

test.each(['sha256', 'checkImage'] as const)('the URL of an image whose %s fails is revoked', async (failing) => {
  const urls = new Set<string>();
  const fail = () => Promise.reject(new Error('not here'));
  const received = receiveImage({ ...reference('i1'), byteLength: 3 }, new Uint8Array(3), {
    createObjectUrl: () => {
      urls.add('blob:1');
      return 'blob:1';
    },
    revokeObjectUrl: (url) => void urls.delete(url),
    [failing]: fail,
  });
  await expect(received).rejects.toThrow('not here');
  expect([...urls]).toEqual([]);
});
