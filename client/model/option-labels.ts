/** What people read of options: their titles, their values, those that were chosen, and those that changed. */
import { type OptionName, type Options, optionNames } from '../../shared/options.ts';
import { list } from './formats.ts';
import type { MessageKey, Texts } from './texts.ts';

export const optionTitle = (t: Texts, name: OptionName): string => t(`option.${name}`);

/** The values that have a name; formats are called the same in all languages. */
const valueNames: {
  readonly [Name in OptionName]?: Readonly<Record<string, MessageKey & `option.${Name}.${string}`>>;
} = {
  size: {
    '1024x1024': 'option.size.square',
    '1536x1024': 'option.size.landscape',
    '1024x1536': 'option.size.portrait',
  },
  quality: {
    low: 'option.quality.low',
    medium: 'option.quality.medium',
    high: 'option.quality.high',
    xhigh: 'option.quality.xhigh',
    max: 'option.quality.max',
  },
  background: { opaque: 'option.background.opaque', transparent: 'option.background.transparent' },
  partialImages: { '0': 'option.partialImages.none' },
};
const formatNames: ReadonlyMap<string, string> = new Map([
  ['png', 'PNG'],
  ['jpeg', 'JPEG'],
  ['webp', 'WebP'],
]);

export const formatName = (format: string): string => formatNames.get(format) ?? format;

/** A value's name, or the value itself where it has none. */
export function valueLabel(t: Texts, name: OptionName, value: string | number): string {
  if (name === 'format') return formatName(String(value));
  const names: Readonly<Record<string, MessageKey>> = valueNames[name] ?? {};
  const key = names[value];
  return key ? t.filled(key, {}) : String(value);
}

interface OptionChange {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

export function optionChanges(t: Texts, before: Options, after: Options): OptionChange[] {
  return optionNames
    .map((name) => ({
      title: optionTitle(t, name),
      before: labelOf(t, before, name),
      after: labelOf(t, after, name),
    }))
    .filter((change) => change.before !== change.after);
}

/** Title and value of each option that was not left to the generator. */
export function chosenOptions(t: Texts, options: Options): [title: string, value: string][] {
  return optionChanges(t, {}, options).map(({ title, after }) => [title, after]);
}

function labelOf(t: Texts, options: Options, name: OptionName): string {
  const value = options[name] ?? (name === 'candidates' ? 1 : undefined);
  if (value === undefined || value === 'auto') return t('options.automatic');
  return name === 'compression' ? t('number.percent', { share: Number(value) / 100 }) : valueLabel(t, name, value);
}

/** The chosen options in one line, empty where there are none; `usualModel` draws where no model is chosen. */
export function summaryOf(t: Texts, options: Options, usualModel: string): string {
  const labels = optionNames.flatMap((name) => {
    const value = options[name];
    if (value === undefined || value === 'auto' || (name === 'model' && value === usualModel)) return [];
    if (typeof value === 'string') return [valueLabel(t, name, value)];
    if (name === 'candidates') return value > 1 ? [t('options.pictures', { count: value })] : [];
    if (name === 'partialImages') return [t('options.previews', { count: value })];
    return [t('option.compression.level', { level: value })];
  });
  return list(t, labels);
}
