import { afterEach, expect, test, vi } from 'vitest';
import '../../../../client/components/room/proof-room.ts';
import { isWhole, loadFirstTexts } from '../../../../client/model/language.ts';
import { deep } from '../../../support/dom.ts';
import { english } from '../../../support/texts.ts';

class SilentWebSocket {
  close(): void {}
}

vi.mock('../../../../client/model/language.ts', { spy: true });

afterEach(() => {
  document.querySelector('proof-room')?.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a first language that could not be loaded is asked for again, and all of its sentences with it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  vi.stubGlobal('WebSocket', SilentWebSocket);
  vi.mocked(loadFirstTexts).mockResolvedValueOnce(undefined);
  const room = document.createElement('proof-room');
  room.lang = 'en';
  document.body.append(room);
  await room.updateComplete;
  const shownIn = () => deep(room.shadowRoot, 'proof-review').map(({ lang }) => lang);
  expect(shownIn()).toEqual([]);
  await vi.advanceTimersByTimeAsync(3_000);
  await room.updateComplete;
  expect(shownIn()).toEqual(['en']);
  await expect.poll(() => isWhole(english)).toBe(true);
});
