import { isStampKey } from '../fold/fold-stamp.ts';
import type { KeyValue, ParquetFooter } from '../footer.ts';
import { arrowColumns, arrowSchemaKey } from '../metadata/arrow-schema.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { encodeKeyValue } from '../write/file-writer.ts';

/** Pairs of one key, and the file that has them. */
interface Kept {
  readonly pairs: readonly KeyValue[];
  readonly file: string;
}

/**
 * The key-value metadata of the output as thrift structs: every key of the inputs as the first input with it has it,
 * byte for byte (more than once where that input has it so), then what is added. Stamps of this program, which say how an
 * input was made, stay behind. A key whose values differ from input to input is named in `warnings`, with the files; Arrow
 * schemas that make the same columns do not differ.
 */
export function mergeKeyValues(
  footers: readonly ParquetFooter[],
  added: readonly { readonly key: string; readonly value: string }[],
  warnings: string[],
): readonly Uint8Array[] {
  const kept = new Map<string, Kept>();
  const differing = new Map<string, { readonly file: string; files: number }>();
  for (const footer of footers) {
    if (footer !== footers[0] && footer.keyValues === footers[0]?.keyValues) continue;
    for (const [key, pairs] of pairsByKey(footer)) {
      const known = kept.get(key);
      if (known === undefined) {
        kept.set(key, { pairs, file: footer.file });
      } else if (!areAlike(key, known.pairs, pairs)) {
        const found = differing.get(key);
        if (found === undefined) differing.set(key, { file: footer.file, files: 1 });
        else found.files++;
      }
    }
  }
  for (const { key } of added) {
    kept.delete(key);
    differing.delete(key);
  }
  for (const [key, { file, files }] of differing) {
    const others = files === 1 ? '' : ` and ${files - 1} more`;
    warnings.push(
      `key-value metadata ${key} of ${file}${others} is not that of ${kept.get(key)?.file}, which is kept`,
    );
  }
  return [
    ...[...kept.values()].flatMap(({ pairs }) => pairs.map((pair) => pair.bytes)),
    ...added.map(({ key, value }) => encodeKeyValue(key, value)),
  ];
}

function pairsByKey(footer: ParquetFooter): ReadonlyMap<string, readonly KeyValue[]> {
  const own = new Map<string, KeyValue[]>();
  for (const pair of footer.keyValues) {
    if (isStampKey(pair.key)) continue;
    const pairs = own.get(pair.key);
    if (pairs === undefined) own.set(pair.key, [pair]);
    else pairs.push(pair);
  }
  return own;
}

function areAlike(key: string, a: readonly KeyValue[], b: readonly KeyValue[]): boolean {
  const isSame = a.length === b.length && a.every((pair, i) => sameBytes(pair.bytes, b[i]?.bytes));
  if (isSame || key !== arrowSchemaKey) return isSame;
  const [left] = a;
  const [right] = b;
  if (a.length !== 1 || b.length !== 1 || left?.value === undefined || right?.value === undefined)
    return false;
  if (lastArrow.value !== left.value) lastArrow = { value: left.value, columns: arrowColumns(left.value) };
  const { columns } = lastArrow;
  return columns !== undefined && columns === arrowColumns(right.value);
}

// The schema that is kept is compared with that of every other file.
let lastArrow: { readonly value: string; readonly columns: string | undefined } = {
  value: '',
  columns: undefined,
};

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}

/**
 * The key-value list that the chunks of a column carry, byte for byte, or undefined when none does. Where they differ
 * the first is kept and `warnings` says so.
 */
export function commonChunkKeyValues(
  chunks: readonly ColumnChunk[],
  leaf: LeafColumn,
  warnings: string[],
): Uint8Array | undefined {
  const lists = chunks.map(({ keyValueBytes }) => keyValueBytes);
  const kept = lists.find((list) => list !== undefined);
  if (kept === undefined) return undefined;
  if (lists.some((list) => list === undefined || Buffer.compare(list, kept) !== 0)) {
    warnings.push(`key-value metadata of column ${leaf.path} differs between row groups; the first is kept`);
  }
  return kept;
}
