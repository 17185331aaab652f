import { defaultLayoutPattern, type LayoutToken, parseLayoutPattern } from '../core/layout-pattern.ts';
import { isDate, partitionKey } from '../core/partition-key.ts';
import { escapeOf, escapeValue, isEscaped, unescapeValue } from './hive-escapes.ts';

/** How the partitions of a dataset are called: see `LayoutPattern`. */
export interface PartitionLayout {
  /** As it was written, `date={yyyy-MM-dd}`. */
  readonly pattern: string;
  readonly segments: readonly LayoutSegment[];
  /** A date has one partition at most, at a path that follows from the date. */
  readonly isOnePerDate: boolean;
}

/** One directory of a layout. */
export interface LayoutSegment {
  readonly tokens: readonly LayoutToken[];
  /** Matches a name; one group for each token that is no text, in their order. */
  readonly matcher: RegExp;
}

/** What the path of a partition says. */
export interface PartitionFields {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** From 0 to 23; absent where the layout has no hours. */
  readonly hour?: number;
  /** The other fields by their names, unescaped. */
  readonly values: Readonly<Record<string, string>>;
}

/** What the first directories of a path say; of each field as far as it is known. */
export interface PartialFields {
  readonly year?: string;
  readonly month?: string;
  readonly day?: string;
  readonly hour?: string;
  readonly values: Readonly<Record<string, string>>;
}

const digitsOf = {
  year: '(\\d{4})',
  month: { padded: '(0[1-9]|1[0-2])', plain: '([1-9]|1[0-2])' },
  day: { padded: '(0[1-9]|[12]\\d|3[01])', plain: '([1-9]|[12]\\d|3[01])' },
  hour: { padded: '([01]\\d|2[0-3])', plain: '(\\d|1\\d|2[0-3])' },
} as const;

/**
 * The layout of a pattern that was checked.
 * @throws TypeError (a bug) for a text that is none
 */
export function makeLayout(pattern: string): PartitionLayout {
  const parsed = parseLayoutPattern(pattern);
  if ('problem' in parsed) throw new TypeError(`the layout ${pattern} ${parsed.problem}`);
  return {
    pattern,
    segments: parsed.map((tokens) => ({ tokens, matcher: matcherOf(tokens) })),
    isOnePerDate: parsed.flat().every(({ kind }) => kind !== 'hour' && kind !== 'value'),
  };
}

/** `date=2025-08-15`. */
export const defaultLayout: PartitionLayout = makeLayout(defaultLayoutPattern);

/** The path of a partition below the base. Values are escaped as Hive does. */
export function pathByLayout(layout: PartitionLayout, fields: PartitionFields): string {
  const [year = '', month = '', day = ''] = fields.date.split('-');
  const digits = { year, month, day, hour: String(fields.hour ?? 0).padStart(2, '0') };
  const nameOf = ({ tokens }: LayoutSegment): string => {
    let name = '';
    for (const token of tokens) {
      if (token.kind === 'value') name += escapeValue(fields.values[token.name] ?? '');
      else if (token.kind !== 'text') {
        name += token.padded ? digits[token.kind] : String(Number(digits[token.kind]));
      } else name += name.includes('=') ? escapeText(token.text) : token.text;
    }
    return name;
  };
  return layout.segments.map(nameOf).join('/');
}

/** What a path below the base says; undefined where it is none of this layout. */
export function parseByLayout(layout: PartitionLayout, relativePath: string): PartitionFields | undefined {
  const names = relativePath.split('/');
  if (names.length !== layout.segments.length) return undefined;
  let known: PartialFields | undefined = { values: {} };
  for (const [index, name] of names.entries()) {
    known = known === undefined ? undefined : matchSegment(layout, index, name, known);
  }
  if (known === undefined) return undefined;
  const date = `${known.year}-${known.month}-${known.day}`;
  if (!isDate(date)) return undefined;
  return { date, ...(known.hour === undefined ? {} : { hour: Number(known.hour) }), values: known.values };
}

/**
 * What is known after the directory `name` at this depth (0: right below the base); undefined when it is none of the layout.
 * @param known what the directories above it said
 */
export function matchSegment(
  layout: PartitionLayout,
  depth: number,
  name: string,
  known: PartialFields,
): PartialFields | undefined {
  const segment = layout.segments[depth];
  const found = segment?.matcher.exec(name)?.slice(1);
  if (segment === undefined || found === undefined) return undefined;
  const fields: { -readonly [K in keyof PartialFields]: PartialFields[K] } = { ...known };
  const open = segment.tokens.filter((token) => token.kind !== 'text');
  for (const [index, token] of open.entries()) {
    const text = found[index] ?? '';
    if (token.kind === 'value') fields.values = { ...fields.values, [token.name]: unescapeValue(text) };
    else {
      const padded = token.kind === 'year' ? text : text.padStart(2, '0');
      // A field that stands in a path twice must say the same.
      if ((fields[token.kind] ?? padded) !== padded) return undefined;
      fields[token.kind] = padded;
    }
  }
  return fields;
}

/** The key of the partition at this path; without a date where it is none of this layout. */
export function keyByLayout(layout: PartitionLayout, relativePath: string): string {
  return partitionKey(parseByLayout(layout, relativePath)?.date ?? '', relativePath);
}

function matcherOf(tokens: readonly LayoutToken[]): RegExp {
  const [first] = tokens;
  // What readers take for hidden is no partition.
  const hidden = first?.kind === 'value' ? '(?![_.])' : '';
  const pieces = tokens.map((token) => {
    if (token.kind === 'text') return [...token.text].map(characterMatcher).join('');
    if (token.kind === 'value') return '([^/]+?)';
    if (token.kind === 'year') return digitsOf.year;
    return digitsOf[token.kind][token.padded ? 'padded' : 'plain'];
  });
  return new RegExp(`^${hidden}${pieces.join('')}$`, 's');
}

function characterMatcher(character: string): string {
  const plain = character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  if (!isEscaped(character)) return plain;
  const [, high = '', low = ''] = escapeOf(character);
  const digit = (one: string): string => (/\d/.test(one) ? one : `[${one}${one.toLowerCase()}]`);
  return `(?:${plain}|%${digit(high)}${digit(low)})`;
}

/** A text of the pattern within a value: what was written as an escape stays one. */
function escapeText(text: string): string {
  return text.replaceAll(/%[0-9A-Fa-f]{2}|./gs, (one) => (one.length > 1 ? one : escapeValue(one)));
}
