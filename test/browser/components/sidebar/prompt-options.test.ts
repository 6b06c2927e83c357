import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/sidebar/prompt-options.ts';
import type { IntentEvent } from '../../../../client/model/intent.ts';
import { type Capabilities, type Options, optionNames } from '../../../../shared/options.ts';
import { capabilities } from '../../../support/capabilities.ts';
import { textOf } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

let options: Options;

/** Shows the options, and shows them again with what is chosen, as the page does. */
async function showOptions(
  chosen: Options,
  known: Capabilities = capabilities,
  { demo = false, keeps = true } = {},
): Promise<void> {
  options = chosen;
  await stand.show(html`<proof-options
    .options=${chosen}
    .capabilities=${known}
    .model=${'model-a'}
    ?demo=${demo}
    @proof-intent=${({ intent }: IntentEvent) => {
      if (intent.type === 'options') options = intent.options;
      if (keeps) void showOptions(options, known, { demo, keeps });
    }}
  ></proof-options>`);
}

const list = (name: string) => page.getByRole('combobox', { name });
const listed = (name: string) => [...list(name).element().querySelectorAll('option')].map(({ label }) => label);
const openOptions = () => page.getByText(/^\s*Options/).click();
const summary = () => textOf(page.getByText(/^\s*Options/).element());

describe('the options', () => {
  test('offer what the server knows and nothing else', async () => {
    await showOptions({}, { sizes: ['512x512', '1024x1024'], candidates: 1, partialImages: 0, refine: false });
    await openOptions();
    expect(listed('Size')).toEqual(['Automatic', '512x512', 'Square']);
    for (const name of ['Model', 'Quality', 'Background', 'Format', 'Previews']) expect(list(name).query()).toBeNull();
    expect(page.getByRole('radio').query()).toBeNull();
    expect(page.getByRole('spinbutton').query()).toBeNull();
  });

  test('show a chosen size that the server draws without listing it', async () => {
    await showOptions({ size: '1111x2222' }, { sizes: ['1024x1024'], anySize: true, refine: false });
    await openOptions();
    expect(listed('Size')).toEqual(['Automatic', 'Square', '1111x2222']);
    await expect.element(list('Size')).toHaveValue('1111x2222');
  });

  test('stand in the order of the table', async () => {
    await showOptions({ format: 'webp' });
    await openOptions();
    const names = [...(stand.element.querySelector('proof-options')?.shadowRoot?.querySelectorAll('[name]') ?? [])];
    expect([...new Set(names.map((control) => control.getAttribute('name')))]).toEqual(optionNames);
  });

  test('list the usual model first', async () => {
    await showOptions({});
    await openOptions();
    expect(listed('Model')).toEqual(['model-a (usual)', 'model-b']);
    await list('Model').selectOptions('model-b');
    expect(options).toEqual({ model: 'model-b' });
    await list('Model').selectOptions('model-a (usual)');
    expect(options).toEqual({});
  });

  test('leave out values that this version cannot send', async () => {
    await showOptions({}, { qualities: ['low', 'exquisite'], candidates: 9, partialImages: 9, refine: true });
    await openOptions();
    expect(listed('Quality')).toEqual(['Automatic', 'Low']);
    expect(listed('Previews')).toEqual(['Automatic', 'None', '1', '2', '3']);
    expect(page.getByRole('radio').elements()).toHaveLength(4);
  });

  test('sum up what is chosen in one line', async () => {
    await showOptions({ candidates: 2, size: '1536x1024', quality: 'high' });
    expect(summary()).toBe('Options 2 pictures, Landscape, High');
    await showOptions({ model: 'model-b', format: 'jpeg', compression: 80, partialImages: 0 });
    expect(summary()).toBe('Options model-b, JPEG, Compression 80, No previews');
    await showOptions({ model: 'model-a', size: 'auto', candidates: 1 });
    expect(summary()).toBe('Options');
  });

  test('disable JPEG for a transparent background, and the other way round', async () => {
    await showOptions({ background: 'transparent' });
    await openOptions();
    const jpeg = () => list('Format').getByRole('option', { name: 'JPEG' });
    await expect.element(jpeg()).toBeDisabled();
    await list('Background').selectOptions('Opaque');
    await expect.element(jpeg()).toBeEnabled();
    await list('Format').selectOptions('JPEG');
    await expect.element(list('Background').getByRole('option', { name: 'Transparent' })).toBeDisabled();
  });

  test('show the compression only for a format that has one, and keep it within 0 to 100', async () => {
    await showOptions({ format: 'png' });
    await openOptions();
    expect(page.getByRole('spinbutton').query()).toBeNull();
    await list('Format').selectOptions('WebP');
    const compression = page.getByRole('spinbutton', { name: 'Compression, 0 to 100' });
    await compression.fill('400');
    await userEvent.keyboard('{Tab}');
    expect(options).toEqual({ format: 'webp', compression: 100 });
    await expect.element(compression).toHaveValue(100);
    await list('Format').selectOptions('PNG');
    expect(options).toEqual({ format: 'png' });
  });

  test('change the number of pictures with the arrow keys', async () => {
    await showOptions({});
    await openOptions();
    const group = page.getByRole('group', { name: 'Pictures at once' });
    await expect.element(group.getByRole('radio', { name: '1', exact: true })).toBeChecked();
    group.getByRole('radio', { name: '1', exact: true }).element().focus();
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    expect(options).toEqual({ candidates: 3 });
    await expect.element(group.getByRole('radio', { name: '3' })).toBeChecked();
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
    expect(options).toEqual({});
  });

  test('say that each picture is billed, unless pictures are free', async () => {
    await showOptions({ candidates: 2 });
    await expect.element(page.getByText('Each picture is billed by itself.')).toBeVisible();
    await showOptions({ candidates: 1 });
    await expect.element(page.getByText('Each picture is billed by itself.')).not.toBeInTheDocument();
    await showOptions({ candidates: 2 }, capabilities, { demo: true });
    await expect.element(page.getByText('Each picture is billed by itself.')).not.toBeInTheDocument();
  });

  test('show the value of the property, not the one that was clicked', async () => {
    await showOptions({ quality: 'low' }, capabilities, { keeps: false });
    await openOptions();
    await list('Quality').selectOptions('High');
    expect(options).toEqual({ quality: 'high' });
    await showOptions({ quality: 'low' }, { ...capabilities }, { keeps: false });
    await expect.element(list('Quality')).toHaveValue('low');
  });
});
