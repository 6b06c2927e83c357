/**
 * The options of a generation: one row each. The schemas of `Options` and `Capabilities`, the server's checks, the form and the
 * request to OpenAI are all made from this table.
 */
import * as v from 'valibot';
import { Count } from './schemas.ts';

/** What an option's value depends on, besides its own row. */
interface OtherOptions {
  readonly background?: string | undefined;
  readonly format?: string | undefined;
}

interface OptionRow {
  /** What a client may send. */
  readonly schema: v.GenericSchema;
  /** How the option is chosen: from a list, as a count from `least` up, or as a number. */
  readonly control: 'choice' | 'count' | 'number';
  /** The field of `Capabilities` that says what the generator knows of it: a list of values, the highest count, or `true`. */
  readonly capability: string;
  readonly least?: number;
  /** The field of `Capabilities` that turns the list of values into mere suggestions. */
  readonly anyCapability?: 'anySize';
  /** The field of OpenAI's image tool and of its Images API; absent where the option is no field of theirs. */
  readonly parameter?: string;
  /** What the value does not go together with, in a sentence; nothing where it does. */
  readonly conflict?: (options: OtherOptions & Readonly<Record<string, unknown>>) => string | undefined;
}

const wholeNumber = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

export const optionTable = {
  candidates: {
    schema: wholeNumber(1, 4),
    control: 'count',
    capability: 'candidates',
    least: 1,
  },
  model: {
    schema: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    control: 'choice',
    capability: 'models',
  },
  /** `auto`, or width by height in pixels, such as `1536x1024`. */
  size: {
    schema: v.pipe(v.string(), v.regex(/^(auto|[1-9]\d{1,3}x[1-9]\d{1,3})$/)),
    control: 'choice',
    capability: 'sizes',
    anyCapability: 'anySize',
    parameter: 'size',
  },
  quality: {
    schema: v.picklist(['auto', 'low', 'medium', 'high', 'xhigh', 'max']),
    control: 'choice',
    capability: 'qualities',
    parameter: 'quality',
  },
  format: {
    schema: v.picklist(['png', 'jpeg', 'webp']),
    control: 'choice',
    capability: 'formats',
    parameter: 'output_format',
  },
  background: {
    schema: v.picklist(['auto', 'opaque', 'transparent']),
    control: 'choice',
    capability: 'backgrounds',
    parameter: 'background',
    conflict: ({ background, format }) =>
      background === 'transparent' && format === 'jpeg'
        ? 'The background transparent needs the format png or webp: jpeg knows no transparency.'
        : undefined,
  },
  /** OpenAI's compression level of JPEG and WebP, in percent. */
  compression: {
    schema: wholeNumber(0, 100),
    control: 'number',
    capability: 'compression',
    parameter: 'output_compression',
    conflict: ({ compression, format }) =>
      compression !== undefined && format !== 'jpeg' && format !== 'webp'
        ? 'The option compression needs the format jpeg or webp.'
        : undefined,
  },
  /** How many previews are asked for; fewer may come. */
  partialImages: {
    schema: wholeNumber(0, 3),
    control: 'count',
    capability: 'partialImages',
    least: 0,
    parameter: 'partial_images',
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

type Table = typeof optionTable;
export type OptionName = keyof Table;

/** In the order in which the form shows them. A row's `conflict` looks only at rows above it. */
export const optionNames = Object.keys(optionTable) as readonly OptionName[];

/** One row, with the fields that not every row has. */
export const optionRow = (name: OptionName): OptionRow => optionTable[name];

type OptionEntries = { [Name in OptionName]: v.OptionalSchema<Table[Name]['schema'], undefined> };

/** How an image is to be drawn. The generator chooses what is absent, or `auto`. */
export const Options = v.object(
  Object.fromEntries(optionNames.map((name) => [name, v.optional(optionRow(name).schema)])) as unknown as OptionEntries,
);
export type Options = v.InferOutput<typeof Options>;

/** The same as a server reports it: an option or a value that this version does not know is left out. */
export const ReportedOptions = v.object(
  Object.fromEntries(
    optionNames.map((name) => [name, v.fallback(v.optional(optionRow(name).schema), undefined)]),
  ) as unknown as OptionEntries,
);

const capabilityOf = { choice: v.array(v.string()), count: Count, number: v.literal(true) } as const;
type CapabilityEntries = {
  [Name in OptionName as Table[Name]['capability']]: v.OptionalSchema<
    (typeof capabilityOf)[Table[Name]['control']],
    undefined
  >;
};

/** What a server's generator can do. An absent field: the generator does not know that option. */
export const Capabilities = v.object({
  ...(Object.fromEntries(
    optionNames.map((name) => [optionRow(name).capability, v.optional(capabilityOf[optionRow(name).control])]),
  ) as unknown as CapabilityEntries),
  /** `sizes` are suggestions: other sizes are drawn as well. */
  anySize: v.optional(v.literal(true)),
  /** Whether an image can be refined in words. */
  refine: v.boolean(),
});
export type Capabilities = v.InferOutput<typeof Capabilities>;

/** What is wrong with one option of `options` for that generator, in a sentence; nothing where all is well. `auto` is always right. */
export function optionProblem(name: OptionName, options: Options, capabilities: Capabilities): string | undefined {
  const { control, capability, anyCapability, conflict } = optionRow(name);
  const value = options[name];
  if (value === undefined || value === 'auto') return undefined;
  const known: unknown = Reflect.get(capabilities, capability);
  const notKnown = `The option ${name} is not offered by this server.`;
  if (control === 'choice' && !(anyCapability && capabilities[anyCapability])) {
    if (!Array.isArray(known)) return notKnown;
    if (!known.includes(value)) {
      return `The option ${name} must be one of those that this server offers: ${known.join(', ')}.`;
    }
  }
  if (control === 'count' && typeof value === 'number') {
    const most = typeof known === 'number' ? known : (optionRow(name).least ?? 0);
    if (value > most) return most === 0 ? notKnown : `The option ${name} must be ${most} or less on this server.`;
  }
  if (control === 'number' && known !== true) return notKnown;
  return conflict?.(options);
}
