import type { ParquetFooter } from '../footer.ts';
import { pageType } from '../format.ts';
import { unsupported } from '../format-error.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  nextField,
  readI32,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';

/**
 * Refuses a file with mistakes that readers put right by the name of its writer (`writer-mistakes.ts`): a folded file has
 * another writer, and the mistakes in it.
 * @throws FormatError naming file and column
 */
export function checkWriterMistakes(footer: ParquetFooter): void {
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    const { chunks } = rowGroup;
    const place = (i: number) => ({
      file: footer.file,
      rowGroup: number,
      column: footer.leaves[i]?.path ?? '',
    });
    const padded = chunks.findIndex(({ isPadded }) => isPadded);
    if (padded >= 0)
      throw unsupported('folding column chunks that are longer than they state', place(padded));
    if (!chunks.some(({ isAlwaysCompressed }) => isAlwaysCompressed)) continue;
    const second = pageTypesOf(rowGroup).findIndex((types) => types.has(pageType.DATA_PAGE_V2));
    if (second >= 0) {
      throw unsupported(
        'folding version 2 pages of parquet-cpp before 2.0, which state their compression wrongly,',
        place(second),
      );
    }
  }
}

/** Kinds of pages that each chunk states to have (`encoding_stats`), by leaf. */
function pageTypesOf(rowGroup: RowGroup): readonly ReadonlySet<number>[] {
  const c = compactCursor(rowGroup.bytes);
  const found: Set<number>[] = [];
  const inStruct = (onField: (c: CompactCursor) => boolean): void => {
    const outer = beginStruct(c);
    while (nextField(c)) if (!onField(c)) skipField(c);
    endStruct(c, outer);
  };
  const inList = (onElement: () => void): boolean => {
    for (let left = beginList(c, wireType.STRUCT); left > 0; left--) onElement();
    return true;
  };
  const readStatistics = (types: Set<number>): void =>
    inStruct(({ fieldId }) => {
      if (fieldId !== 1) return false;
      types.add(readI32(c));
      return true;
    });
  const readMetaData = (types: Set<number>): boolean => {
    inStruct(({ fieldId }) => fieldId === 13 && inList(() => readStatistics(types)));
    return true;
  };
  const readChunk = (): void => {
    const types = new Set<number>();
    found.push(types);
    inStruct(({ fieldId }) => fieldId === 3 && readMetaData(types));
  };
  inStruct(({ fieldId }) => fieldId === 1 && inList(readChunk));
  return found;
}
