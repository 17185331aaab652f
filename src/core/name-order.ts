/**
 * Compares names, or paths, by their UTF-8 bytes, as HDFS and `LC_ALL=C sort` order a listing. Comparing JavaScript strings
 * would order by UTF-16 units, which differs beyond U+FFFF.
 */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const one = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (one !== other) return rankOf(one) - rankOf(other);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, but their numbers are below those from U+E000 to U+FFFF. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** A new array in byte order of names. */
export function inNameOrder<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => compareNames(a.name, b.name));
}
