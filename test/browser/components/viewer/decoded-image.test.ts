import { expect, test } from 'vitest';
import { DecodedImage } from '../../../../client/components/viewer/decoded-image.ts';
import { paint } from '../../../support/component-states.ts';
import { holdDecoding } from '../../../support/dom.ts';

const [one, two] = await Promise.all([paint('one'), paint('two')]);

/** A decoded image, and the ids that it was reported to show. */
function observed(): { image: DecodedImage; shown: (string | undefined)[] } {
  const shown: (string | undefined)[] = [];
  const image: DecodedImage = new DecodedImage(() => shown.push(image.decoded?.imageId));
  return { image, shown };
}

test('of two images requested in a row only the later one is shown', async () => {
  const { image, shown } = observed();
  const decode = await holdDecoding(async () => {
    image.request(one);
    image.request(two);
  });
  expect(image.decoded).toBeUndefined();
  decode();
  await expect.poll(() => shown).toEqual(['two']);
});

test('an image that the page has loaded is shown at once', async () => {
  const loaded = new Image();
  loaded.src = one.url;
  await loaded.decode();
  const { image, shown } = observed();
  image.request(one);
  expect(shown).toEqual(['one']);
});

test('the image on show stays while another one is decoded, and when it is requested again meanwhile', async () => {
  const { image, shown } = observed();
  image.request(one);
  await expect.poll(() => shown).toEqual(['one']);
  const element = image.decoded?.element;
  const decode = await holdDecoding(async () => {
    image.request(two);
    image.request(one);
  });
  decode();
  await two.blob.arrayBuffer();
  expect(image.decoded?.element).toBe(element);
  expect(shown).toEqual(['one']);
});

test('an image is cleared at once, and one that is still being decoded is not shown afterwards', async () => {
  const { image, shown } = observed();
  image.request(one);
  await expect.poll(() => shown).toEqual(['one']);
  const decode = await holdDecoding(async () => image.request(two));
  image.request(undefined);
  decode();
  await two.blob.arrayBuffer();
  expect(image.decoded).toBeUndefined();
});

test('a damaged preview does not take the place of the one before it', async () => {
  const { image, shown } = observed();
  image.request(one);
  await expect.poll(() => shown).toEqual(['one']);
  image.request({ ...two, display: 'undecodable' });
  await two.blob.arrayBuffer();
  expect([image.decoded?.imageId, shown]).toEqual(['one', ['one']]);
  image.request(two);
  await expect.poll(() => shown).toEqual(['one', 'two']);
});
