import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { viewer } from '../../../../client/components/viewer/viewer.ts';
import { viewerContent } from '../../../../client/model/viewer-content.ts';
import type { SessionState } from '../../../../client/session/session-state.ts';
import * as states from '../../../support/component-states.ts';
import { useStand } from '../../../support/stand.ts';
import { english } from '../../../support/texts.ts';

const stand = useStand();
const picture = await states.paint('i1');

const show = (session: SessionState): Promise<void> =>
  stand.show(
    viewer({
      t: english,
      session,
      people: [],
      content: viewerContent(english, session),
      selectedId: undefined,
      showLatest: () => undefined,
      held: undefined,
      isClickIgnored: false,
      restored: () => undefined,
      resting: false,
    }),
  );
const withoutBytes = (state: SessionState): SessionState => ({ ...state, images: new Map() });
const onItsWay = () => page.getByText('On its way …');

test('a finished picture is said to be on its way until its bytes are here', async () => {
  await show(withoutBytes(states.deciding(picture)));
  await expect.element(onItsWay()).toBeVisible();
  await show(states.deciding(picture));
  await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  expect(onItsWay().query()).toBeNull();
});

test('no picture is said to be on its way after the session has ended, nor while the next one is drawn', async () => {
  await show(states.gone(withoutBytes(states.deciding(picture))));
  expect(onItsWay().query()).toBeNull();
  await show(withoutBytes(states.generating(picture)));
  expect(onItsWay().query()).toBeNull();
});

test('R10: a picture that is whole is shown while its generation goes on, as the only one there is', async () => {
  const { snapshot, ...session } = states.generating(picture);
  if (snapshot?.stage !== 'generating') throw new Error('Nothing is drawn.');
  const generation = { ...snapshot.generation, generationId: picture.reference.generationId };
  await show({ ...session, snapshot: { ...snapshot, generation } });
  await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  expect(page.getByRole('toolbar').query()).toBeNull();
});

test('in a stage of a newer server the latest attempt is shown, and nothing can be discarded', async () => {
  const { snapshot, ...session } = states.deciding(picture);
  if (!snapshot) throw new Error('There is no snapshot.');
  const older = { ...picture.reference, imageId: 'i0', generationId: 'g0' };
  const attempts = [states.attemptOf(older), ...snapshot.attempts];
  await show({ ...session, snapshot: { ...snapshot, stage: 'unknown', attempts } });
  await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  const [, latest] = page.getByRole('toolbar').getByRole('button').elements();
  expect(latest?.getAttribute('aria-current')).toBe('true');
  (latest as HTMLElement).focus();
  await userEvent.keyboard('{Delete}');
  expect(stand.intents.filter(({ type }) => type !== 'want')).toEqual([]);
});
