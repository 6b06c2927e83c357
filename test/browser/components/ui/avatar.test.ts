import { html } from 'lit';
import { expect, test } from 'vitest';
import '../../../../client/components/ui/avatar.ts';
import { COLOURS } from '../../../../client/model/people.ts';
import { deep } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

test.each(['light', 'dark'])('the initials stand out from each colour, %s', async (scheme) => {
  stand.element.style.colorScheme = scheme;
  const colours = Array.from({ length: COLOURS }, (_, colour) => ({ colour, initials: 'AB', name: '' }));
  await stand.show(html`${colours.map((person) => html`<proof-avatar .person=${person}></proof-avatar>`)}`);
  const avatars = deep(stand.element, 'proof-avatar').map((avatar) => getComputedStyle(avatar));
  expect(new Set(avatars.map(({ backgroundColor }) => backgroundColor)).size).toBe(COLOURS);
  for (const { color, backgroundColor } of avatars) expect(contrast(color, backgroundColor)).toBeGreaterThan(4.5);
});

/** As WCAG defines it, of two opaque colours. */
function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((text) => {
    const share = Number(text) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
