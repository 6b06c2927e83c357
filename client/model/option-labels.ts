/** What people read of options: their values, those that were chosen, and those that changed. */
import { type OptionName, type Options, optionNames, optionRow } from '../../shared/options.ts';

/** Stands for a value that is left to the generator. */
export const AUTOMATIC = 'Automatic';

/** A value's name, or the value itself where it has none. */
export const valueLabel = (name: OptionName, value: string | number): string =>
  optionRow(name).names?.[value] ?? String(value);

interface OptionChange {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

export function optionChanges(before: Options, after: Options): OptionChange[] {
  return optionNames
    .map((name) => ({ title: optionRow(name).title, before: labelOf(before, name), after: labelOf(after, name) }))
    .filter((change) => change.before !== change.after);
}

/** Title and value of each option that was not left to the generator. */
export function chosenOptions(options: Options): [title: string, value: string][] {
  return optionChanges({}, options).map(({ title, after }) => [title, after]);
}

function labelOf(options: Options, name: OptionName): string {
  const value = options[name] ?? (name === 'candidates' ? 1 : undefined);
  if (value === undefined || value === 'auto') return AUTOMATIC;
  return name === 'compression' ? `${value} %` : valueLabel(name, value);
}

/** The chosen options in a few words each, to stand in one line; `usualModel` draws where no model is chosen. */
export function summaryOf(options: Options, usualModel: string): string[] {
  return optionNames.flatMap((name) => {
    const value = options[name];
    if (value === undefined || value === 'auto' || (name === 'model' && value === usualModel)) return [];
    if (typeof value === 'string') return [valueLabel(name, value)];
    if (name === 'candidates') return value > 1 ? [`${value} pictures`] : [];
    if (name === 'partialImages') return [value === 0 ? 'No previews' : `${value} preview${value === 1 ? '' : 's'}`];
    return [`${optionRow(name).title} ${value}`];
  });
}
