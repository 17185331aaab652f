import { corrupt } from '../format-error.ts';
import {
  beginList,
  beginStruct,
  compactCursor,
  endStruct,
  nextField,
  readI64,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import type { FoldTail } from './fold-tail-maker.ts';

/** What a footer tail says, without a look into its row groups. */
export interface TailFacts {
  readonly rows: number;
  readonly rowGroups: number;
  /** The list of schema elements, as it stands in the footer. */
  readonly schema: Uint8Array;
}

/**
 * Reads a tail but for the row groups' structs, which must fill just the place that it states for them.
 * @throws FormatError when they do not, or it is no footer
 */
export function skimTail(file: string, { bytes, rowGroupsAt, rowGroupsLength }: FoldTail): TailFacts {
  const bad = (what: string) => corrupt(what, { file });
  if (bytes.length < 8) throw bad('a footer needs 8 bytes at least');
  const end = bytes.length - 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = end - view.getUint32(end, true);
  if (start < 0 || Buffer.from(bytes.subarray(end + 4)).toString('latin1') !== 'PAR1') {
    throw bad('the tail does not end as a Parquet file does');
  }
  const c = compactCursor(bytes, start, end);
  let rows: number | undefined;
  let rowGroups: number | undefined;
  let schema: Uint8Array | undefined;
  const outer = beginStruct(c);
  while (nextField(c)) {
    const from = c.position;
    if (c.fieldId === 3) rows = readI64(c);
    else if (c.fieldId === 4) {
      rowGroups = beginList(c, wireType.STRUCT);
      if (c.position !== rowGroupsAt) throw bad('the row groups begin elsewhere');
      c.position += rowGroupsLength;
    } else skipField(c);
    if (c.fieldId === 2) schema = bytes.subarray(from, c.position);
  }
  endStruct(c, outer);
  if (c.position !== end) throw bad('the footer is not as long as it says');
  if (rows === undefined || rowGroups === undefined || schema === undefined) {
    throw bad('the footer lacks rows, row groups or schema');
  }
  return { rows, rowGroups, schema };
}
