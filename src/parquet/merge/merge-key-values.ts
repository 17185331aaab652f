import { isStampKey } from '../fold/fold-stamp.ts';
import type { KeyValue, ParquetFooter } from '../footer.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { encodeKeyValue } from '../write/file-writer.ts';

/**
 * The key-value metadata of the output as thrift structs: every key of the inputs as the first input with it has it,
 * byte for byte (more than once where that input has it so), then what is added. Stamps of this program, which say how an
 * input was made, stay behind. A key whose values differ from input to input is named in `warnings`.
 */
export function mergeKeyValues(
  footers: readonly ParquetFooter[],
  added: readonly { readonly key: string; readonly value: string }[],
  warnings: string[],
): readonly Uint8Array[] {
  const kept = new Map<string, readonly KeyValue[]>();
  const differing = new Set<string>();
  for (const footer of footers) {
    const own = new Map<string, KeyValue[]>();
    for (const pair of footer.keyValues) {
      if (isStampKey(pair.key)) continue;
      const pairs = own.get(pair.key);
      if (pairs === undefined) own.set(pair.key, [pair]);
      else pairs.push(pair);
    }
    for (const [key, pairs] of own) {
      const known = kept.get(key);
      if (known === undefined) kept.set(key, pairs);
      else if (!areEqual(known, pairs)) differing.add(key);
    }
  }
  for (const { key } of added) {
    kept.delete(key);
    differing.delete(key);
  }
  for (const key of differing) {
    warnings.push(`key-value metadata ${key} differs between the inputs; the first one's value is kept`);
  }
  return [
    ...[...kept.values()].flat().map((pair) => pair.bytes),
    ...added.map(({ key, value }) => encodeKeyValue(key, value)),
  ];
}

function areEqual(a: readonly KeyValue[], b: readonly KeyValue[]): boolean {
  const bytesOf = (pairs: readonly KeyValue[]): Buffer => Buffer.concat(pairs.map((pair) => pair.bytes));
  return bytesOf(a).equals(bytesOf(b));
}

/**
 * The key-value list that the chunks of a column carry, byte for byte, or undefined when none does. Where they differ
 * the first is kept and `warnings` says so.
 */
export function commonChunkKeyValues(
  footers: readonly ParquetFooter[],
  leaf: LeafColumn,
  warnings: string[],
): Uint8Array | undefined {
  const lists = footers.flatMap((footer) =>
    footer.rowGroups.map((rowGroup) => rowGroup.chunks[leaf.index]?.keyValueBytes),
  );
  const kept = lists.find((list) => list !== undefined);
  if (kept === undefined) return undefined;
  if (lists.some((list) => list === undefined || Buffer.compare(list, kept) !== 0)) {
    warnings.push(`key-value metadata of column ${leaf.path} differs between row groups; the first is kept`);
  }
  return kept;
}
