import type { ParquetFooter } from '../footer.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { isBefore, writerVersion } from '../writer-version.ts';
import { columnOrdersOf } from './column-orders.ts';

/** Which of a column's least and greatest values in the footer stay when its file is folded. */
export interface TrustedBounds {
  /** `min_value` and `max_value`. */
  readonly current: boolean;
  /** The deprecated `min` and `max`, of unknown order. */
  readonly deprecated: boolean;
}

/**
 * One per leaf. A folded file names another writer than its row groups had, and readers decide by the writer whether they
 * believe statistics (Arrow: `ApplicationVersion::HasCorrectStatistics`, parquet-java: `CorruptStatistics`); so here
 * stays only what they would believe of anybody.
 * @param orders the `ColumnOrder` of each leaf that the folded file will state
 */
export function trustedBounds(
  footer: ParquetFooter,
  orders: readonly Uint8Array[] | undefined,
): readonly TrustedBounds[] {
  const own = columnOrdersOf(footer);
  const isOld = isBeforeSoundBounds(footer.createdBy);
  return footer.leaves.map((leaf, i) => {
    const order = orders?.[i];
    const ownOrder = own?.[i];
    const agrees = order !== undefined && ownOrder !== undefined && Buffer.compare(order, ownOrder) === 0;
    const isSigned = comparesAsSigned(leaf);
    return {
      current: agrees && leaf.sortOrder !== 'none' && (isSigned || !isOld),
      // Their order was that of signed numbers, whatever the column held.
      deprecated: isSigned,
    };
  });
}

function comparesAsSigned({ sortOrder }: LeafColumn): boolean {
  return ['boolean', 'signed32', 'signed64', 'float32', 'float64'].includes(sortOrder);
}

/**
 * True for writers whose bounds of text, bytes and unsigned numbers were wrong: PARQUET-251 and PARQUET-686, mended in
 * parquet-mr 1.10.0 and parquet-cpp 1.3.0.
 */
function isBeforeSoundBounds(createdBy: string | undefined): boolean {
  const java = writerVersion(createdBy, 'parquet-mr');
  const cpp = writerVersion(createdBy, 'parquet-cpp');
  return (
    (java !== undefined && isBefore(java, [1, 10, 0])) || (cpp !== undefined && isBefore(cpp, [1, 3, 0]))
  );
}
