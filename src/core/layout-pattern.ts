/**
 * Patterns that say how the partitions of a dataset are called, such as `date={yyyy-MM-dd}` or
 * `{source}/year={yyyy}/month={MM}/day={dd}/hour={HH}`. Date letters are those of Java's DateTimeFormatter, which Hive, Spark,
 * Athena's partition projection and Kafka Connect's `path.format` use too.
 */

/** One piece of a directory's name. */
export type LayoutToken =
  | { readonly kind: 'text'; readonly text: string }
  /** `padded`: always with all its digits (`08`), else without leading zeros (`8`). A year has four digits. */
  | { readonly kind: 'year' | 'month' | 'day' | 'hour'; readonly padded: boolean }
  /** Whatever stands there, such as the name of a source. */
  | { readonly kind: 'value'; readonly name: string };

/** A pattern, taken apart: one list of tokens for each directory below the base, from the outside in. */
export type LayoutPattern = readonly (readonly LayoutToken[])[];

/** The layout of a dataset of which nothing else is said. */
export const defaultLayoutPattern = 'date={yyyy-MM-dd}';

const deepest = 16;

const dateLetters = {
  yyyy: { kind: 'year', padded: true },
  MM: { kind: 'month', padded: true },
  M: { kind: 'month', padded: false },
  dd: { kind: 'day', padded: true },
  d: { kind: 'day', padded: false },
  HH: { kind: 'hour', padded: true },
  H: { kind: 'hour', padded: false },
} as const satisfies Readonly<Record<string, LayoutToken>>;

/** The pattern that `text` is; or the sentence that says why it is none. */
export function parseLayoutPattern(text: string): LayoutPattern | { readonly problem: string } {
  const tokens = tokensOf(text);
  if ('problem' in tokens) return tokens;
  const segments = segmentsOf(tokens.tokens);
  const problem = problemWith(segments);
  return problem === undefined ? segments : { problem };
}

function tokensOf(text: string): { readonly tokens: readonly LayoutToken[] } | { readonly problem: string } {
  const tokens: LayoutToken[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    const plain = text.slice(at, open < 0 ? text.length : open);
    if (plain.includes('}')) return { problem: 'has a } without a {' };
    if (plain !== '') tokens.push({ kind: 'text', text: plain });
    if (open < 0) break;
    const close = text.indexOf('}', open);
    const content = text.slice(open + 1, close < 0 ? text.length : close);
    if (close < 0 || content.includes('{')) return { problem: 'has a { without a }' };
    const within = fieldTokens(content);
    if ('problem' in within) return within;
    tokens.push(...within.tokens);
    at = close + 1;
  }
  return { tokens };
}

/** What stands between braces: a date, or the name of a value. */
function fieldTokens(
  content: string,
): { readonly tokens: readonly LayoutToken[] } | { readonly problem: string } {
  if (/^[^A-Za-z]*(?:(?:yyyy|MM?|dd?|HH?)(?:[^A-Za-z]+|(?=yyyy|MM|dd|HH)|$))+$/.test(content)) {
    const pieces = content.match(/yyyy|MM?|dd?|HH?|[^A-Za-z]+/g) ?? [];
    return {
      tokens: pieces.map((piece) => {
        const letters = Object.entries(dateLetters).find(([name]) => name === piece)?.[1];
        return letters ?? { kind: 'text', text: piece };
      }),
    };
  }
  if (/^[yYuMdDhHkKmsS]+(?:[^A-Za-z]+[yYuMdDhHkKmsS]+)*$/.test(content)) {
    return {
      problem: `has {${content}}, which is no date; dates are made of yyyy, MM or M, dd or d, HH or H`,
    };
  }
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(content)) return { tokens: [{ kind: 'value', name: content }] };
  return {
    problem: `has {${content}}; between braces stands a date such as yyyy-MM-dd, or a name of letters, digits and _ such as source`,
  };
}

/** Slashes part the tokens, also those of a date such as `{yyyy/MM/dd}`. */
function segmentsOf(tokens: readonly LayoutToken[]): LayoutPattern {
  const segments: LayoutToken[][] = [[]];
  for (const token of tokens) {
    if (token.kind !== 'text') {
      segments.at(-1)?.push(token);
      continue;
    }
    for (const [index, text] of token.text.split('/').entries()) {
      if (index > 0) segments.push([]);
      if (text !== '') segments.at(-1)?.push({ kind: 'text', text });
    }
  }
  return segments;
}

function problemWith(segments: LayoutPattern): string | undefined {
  const tokens = segments.flat();
  if (segments.some((segment) => segment.length === 0)) {
    return 'begins or ends with a slash, or has an empty name between two of them';
  }
  if (segments.length > deepest)
    return `is ${segments.length} directories deep, at most ${deepest} are followed`;
  for (const [only, second] of segments) {
    if (only?.kind !== 'text') continue;
    if (second === undefined && (only.text === '.' || only.text === '..')) return `has the name ${only.text}`;
    if (/^[_.]/.test(only.text) && !only.text.includes('=')) {
      return `has a name that begins with ${only.text[0]}, which readers take for hidden`;
    }
  }
  if (tokens.some((token) => token.kind === 'text' && token.text.includes('\0'))) return 'has a NUL in it';
  const missing = (['year', 'month', 'day'] as const).filter(
    (kind) => !tokens.some((one) => one.kind === kind),
  );
  if (missing.length > 0) return `does not say where the ${missing.join(' and the ')} stands`;
  const names = tokens.flatMap((token) => (token.kind === 'value' ? [token.name] : []));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `has {${twice}} twice`;
  return segments.some(isAmbiguous)
    ? 'has two fields side by side, of which nobody can tell where one ends'
    : undefined;
}

/** Only fields of a fixed number of digits may follow each other without a text between them. */
function isAmbiguous(segment: readonly LayoutToken[]): boolean {
  return segment.some((token, index) => {
    const next = segment[index + 1];
    return (
      next !== undefined && [token, next].every(({ kind }) => kind !== 'text') && [token, next].some(isOpen)
    );
  });
}

function isOpen(token: LayoutToken): boolean {
  return token.kind === 'value' || (token.kind !== 'text' && !token.padded);
}
