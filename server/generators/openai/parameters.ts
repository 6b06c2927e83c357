/** The options of a request as the fields of OpenAI's APIs, made from the `parameter` column of the table of options. */
import { type OptionName, type Options, optionNames, optionRow, type optionTable } from '../../../shared/options.ts';

type Table = typeof optionTable;

export type Parameters = {
  [Name in OptionName as Table[Name] extends { readonly parameter: infer Field extends string }
    ? Field
    : never]?: Exclude<Options[Name], undefined>;
};

/** The fields of the options that are set, without those that `isSent` leaves out. */
export function parametersOf(
  options: Options,
  isSent: (name: OptionName, value: string | number) => boolean = () => true,
): Parameters {
  return Object.fromEntries(
    optionNames.flatMap((name) => {
      const { parameter } = optionRow(name);
      const value = options[name];
      return parameter !== undefined && value !== undefined && isSent(name, value) ? [[parameter, value]] : [];
    }),
  );
}

/** The model that draws: the requested one, or the configured one. */
export function modelOf<Configured extends string | undefined>({ model }: Options, configured: Configured) {
  return model === undefined || model === 'auto' ? configured : model;
}
