/** What the parser made of the words, by flag and positional. */
export type Parsed = Readonly<Record<string, unknown>>;

/** A property that is there only when its value is. */
export function given<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [K in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in Name]: string });
}

/** A flag that was given twice comes as an array: the later one counts. */
export function last(value: unknown): unknown {
  return Array.isArray(value) ? value.at(-1) : value;
}

/** The text of a flag or positional; the last one where it was given twice. */
export function text(argv: Parsed, name: string): string | undefined {
  const value = last(argv[name]);
  return typeof value === 'string' ? value : undefined;
}

/** All texts of a flag that may be given several times. */
export function every(argv: Parsed, name: string): readonly string[] {
  const value = argv[name];
  return [value].flat().filter((one): one is string => typeof one === 'string');
}

/** All texts of a positional that takes several. */
export function texts(argv: Parsed, name: string): readonly string[] {
  const value = argv[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Whether a switch is on. */
export function isOn(argv: Parsed, name: string): boolean {
  return last(argv[name]) === true;
}
