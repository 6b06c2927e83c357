import { expect, onTestFinished, test, vi } from 'vitest';
import { invitationsOf } from '../../../../client/model/invitations.ts';
import { initialState } from '../../../../client/session/session-state.ts';
import type { Invitation } from '../../../../shared/protocol.ts';
import { english } from '../../../support/texts.ts';

const invitation = (name: string, more: Partial<Invitation> = {}): Invitation => ({
  keyId: name,
  name,
  role: 'reviewer',
  key: `key-of-${name}`,
  participantId: name,
  ...more,
});

test('W11: each invitation shows its state, and a link only while it lets somebody in', () => {
  vi.stubGlobal('location', new URL('https://page.example/'));
  onTestFinished(() => void vi.unstubAllGlobals());
  const expiresAt = new Date('2026-11-29T15:30').toISOString();
  const state = {
    ...initialState,
    sessionId: 's1',
    people: [{ participantId: 'Bo', name: 'Bo', role: 'reviewer' as const }],
    invitations: [
      invitation('Ana', { used: true, revoked: true }),
      invitation('Bo', { used: true }),
      invitation('Cy', { role: 'watcher', used: true, expiresAt }),
      invitation('Di', { expired: true, expiresAt }),
      invitation('Ed'),
    ],
  };
  const shown = invitationsOf(english, state, 'https://proofs.example/');
  expect(
    shown.map(({ name, url, isHere, summary }) => [name, url?.replace(/.*#/, ''), isHere, summary.replace(/\s/g, ' ')]),
  ).toEqual([
    ['Ed', 'key-of-Ed', false, 'Reviewer · not used yet'],
    ['Cy', 'key-of-Cy', false, 'Watching · was here · expires Nov 29, 2026, 3:30 PM'],
    ['Bo', 'key-of-Bo', true, 'Reviewer · here now'],
    ['Di', undefined, false, 'Reviewer · expired'],
    ['Ana', undefined, false, 'Reviewer · revoked'],
  ]);
  expect(shown[0]?.url).toBe('https://proofs.example/s/s1#key-of-Ed');
});
