/** Invitations: the creator invites by name, and revokes that. */
import { test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { enterAs } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';

const browser = useBrowser();

test('W11: somebody who is invited decides under that name, and is out at once when it is revoked', async () => {
  const { address } = await startProduct({ limits: { APPROVALS: 2 } });
  const mira = await enterAs('Mira', browser, address);
  await mira.makePicture('A fox in the snow');
  await mira.press('Share');
  const links: string[] = [];
  for (const name of ['Jonas', 'Ana']) {
    await mira.root.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await mira.press('Invite');
    await see(mira.status(`The link for ${name} is ready`)).toBeVisible();
    links.push(await mira.root.getByRole('textbox', { name: `Link for ${name}` }).inputValue());
  }
  const [toJonas = '', toAna = ''] = links;
  const invitation = (name: string) =>
    mira.root.getByRole('list', { name: 'Invitations' }).getByRole('listitem').filter({ hasText: name });
  await see(invitation('Jonas')).toContainText('Reviewer · not used yet');

  // Nobody who was invited is asked for a name, and another name does not replace the given one.
  const jonas = await enter(await browser.newPage({ unnamed: true }), toJonas);
  const ana = await enterAs('Somebody', browser, toAna);
  await mira.page.bringToFront();
  await see(invitation('Jonas')).toContainText('Reviewer · here now');
  await jonas.page.bringToFront();
  await see(jonas.picture('Generated image')).toBeVisible();
  await jonas.press('Approve');
  await see(jonas.nameQuestion).toBeHidden();
  await jonas.nameButton.click();
  await see(jonas.peopleDialog.getByRole('listitem').filter({ hasText: '(you)' })).toContainText('Jonas');
  await see(jonas.peopleDialog.getByRole('listitem').filter({ hasText: 'Ana' })).toBeVisible();
  await see(jonas.peopleDialog.getByRole('textbox')).toHaveCount(0);

  await mira.page.bringToFront();
  await mira.press('Revoke the invitation of Ana');
  await mira.press('Revoke it');
  await see(invitation('Ana')).toContainText('Reviewer · revoked');
  await see(mira.root.getByRole('textbox', { name: 'Link for Ana' })).toHaveCount(0);
  await ana.page.bringToFront();
  await see(ana.heading('Your access to this session was revoked')).toBeVisible();
  await see(ana.picture('Generated image')).toBeVisible();
  await ana.page.reload();
  await see(ana.heading('Your access to this session was revoked')).toBeVisible();
  await see(ana.page).toHaveTitle('Your access to this session was revoked · Proofroom');

  await mira.page.bringToFront();
  await mira.page.keyboard.press('Escape');
  await mira.press('Approve');
  await see(mira.heading('Approved')).toBeVisible();
});

test('W11: an invitation that has expired says so, and whoever was turned out is told', async () => {
  const { address } = await startProduct();
  const mira = await enterAs('Mira', browser, address);
  const bo = await enterAs('Bo', browser, mira.reviewLink);
  await mira.nameButton.click();
  await mira.press('Turn out Bo');
  await mira.root.getByRole('alertdialog', { name: 'Turn Bo out?' }).getByRole('button', { name: 'Turn out' }).click();
  await see(bo.heading('Your access to this session was revoked')).toBeVisible();
  await see(mira.peopleDialog.getByRole('listitem')).toHaveCount(1);
  await mira.page.keyboard.press('Escape');

  // The clock of the creator's page says that the hour is over in a moment.
  await mira.page.clock.setSystemTime(Date.now() - 3_590_000);
  await mira.press('Share');
  await mira.root.getByRole('textbox', { name: 'Name', exact: true }).fill('Late');
  await mira.root.getByRole('combobox', { name: 'Expires' }).selectOption('After 1 hour');
  await mira.press('Invite');
  const link = await mira.root.getByRole('textbox', { name: 'Link for Late' }).inputValue();
  await see(mira.text('Reviewer · expired')).toBeVisible();
  const late = new Room(await browser.newPage());
  await late.page.goto(link);
  await see(late.heading('This invitation has expired')).toBeVisible();
});
