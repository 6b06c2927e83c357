import { expect, test } from 'vitest';
import { RoomReports } from '../../../../../client/components/room/room-reports.ts';
import { initialState, type SessionState } from '../../../../../client/session/session-state.ts';
import type { SnapshotMessage } from '../../../../../shared/protocol.ts';
import { final, image, referenceOf, userFeedback } from '../../../../support/server-messages.ts';

const reference = referenceOf(image('image-1'));
const images: SessionState['images'] = new Map([
  ['image-1', { reference, blob: new Blob(), url: 'blob:1', display: 'possible' }],
]);
const [approved, undecided] = [final([reference], reference), userFeedback([reference])];

test.each<[string, (SnapshotMessage | undefined)[], number]>([
  ['once, however often the same state is reported', [approved, approved], 1],
  ['once, though there is no snapshot in between', [approved, undefined, approved], 1],
  ['again when it is approved again after a withdrawal', [approved, undecided, approved], 2],
])('an approved picture is reported %s', (_when, snapshots, times) => {
  const room = new EventTarget();
  const digests: string[] = [];
  room.addEventListener('proof-approved', (event) => digests.push((event as CustomEvent).detail.sha256));
  const reports = new RoomReports(room);
  for (const snapshot of snapshots) reports.report({ ...initialState, images, ...(snapshot && { snapshot }) });
  expect(digests).toEqual(Array(times).fill(reference.sha256));
});
