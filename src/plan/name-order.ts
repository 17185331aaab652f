/**
 * Compares names by their UTF-8 bytes, as HDFS and `LC_ALL=C sort` order a listing. Comparing JavaScript strings
 * would order by UTF-16 units, which differs beyond U+FFFF.
 */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

/** A new array in byte order of names. */
export function inNameOrder<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, bytes: Buffer.from(item.name, 'utf8') }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ item }) => item);
}
