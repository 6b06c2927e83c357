import { expect, test } from 'vitest';
import { imageFileName, recordFileName } from '../../../shared/file-name.ts';

const approved = (prompt: string) => imageFileName(prompt, 'image/png', true);

test('the name is made of the first words of the prompt, and says unapproved until the image is approved', () => {
  expect(approved('A fox, in the SNOW!')).toBe('a-fox-in-the-snow.png');
  expect(imageFileName('A fox', 'image/webp', false)).toBe('a-fox-unapproved.webp');
});

const devices = ['con', 'PRN', 'Aux', 'nul', 'com1', 'COM9', 'com0', 'com²', 'lpt1', 'LPT9', 'lpt³'];

test.each(devices)('Windows refuses the name of its device %s, so the file has another one', (device) => {
  const name = approved(device);
  expect(name).toMatch(/-image\.png$/);
  expect(name.toLowerCase().startsWith(device.toLowerCase())).toBe(true);
});

test.each(['con-man', 'Aux Armes', 'com10', 'null', 'lpt'])('%s is the name of no device', (prompt) => {
  expect(approved(prompt)).toBe(`${prompt.toLowerCase().replace(' ', '-')}.png`);
});

test.each(['', '…?!', '\u3164\u3164', '\u0301', '\u200b'])(
  'a prompt without a visible letter gives the name "image"',
  (prompt) => {
    expect(approved(prompt)).toBe('image.png');
  },
);

test('a name has at most 60 characters before its ending, cut between words, or within a long one', () => {
  expect(approved('word '.repeat(40))).toBe(`${Array(12).fill('word').join('-')}.png`);
  const long = approved('Donaudampfschifffahrt'.repeat(9));
  expect(long.length).toBeLessThan(64);
});

test('a record is named after its prompt, and has a name without one', () => {
  expect(recordFileName('A heron, at dawn!')).toBe('a-heron-at-dawn-record.json');
  expect(recordFileName('con')).toBe('con-record.json');
  expect(recordFileName('')).toBe('session-record.json');
});
