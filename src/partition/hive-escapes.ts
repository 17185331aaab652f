/**
 * How Hive and Spark write the values of partition columns into directory names: characters that a path cannot have, or that mean
 * something in one, become `%` and two hexadecimal digits (Hive `FileUtils.escapePathName`, Spark `ExternalCatalogUtils`).
 */

const escaped = new Set([
  ...'"#%\'*/:=?\\{[]^\u007f',
  ...Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)),
]);

/** True for a character that is escaped within a value. */
export function isEscaped(character: string): boolean {
  return escaped.has(character);
}

/** The escape of one such character. */
export function escapeOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** A value as it stands in a directory's name. */
export function escapeValue(value: string): string {
  return [...value].map((one) => (isEscaped(one) ? escapeOf(one) : one)).join('');
}

/** The value that a directory's name has; what only looks like an escape stays as it is. */
export function unescapeValue(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
