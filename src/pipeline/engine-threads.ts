import type { ColumnThreads } from '../parquet/merge/merge-request.ts';
import type { RowGroupThreads } from '../verify/verify-row-groups.ts';

/** Other threads that take their share of what a bin costs: of merging it, column by column, and of verifying it. */
export interface EngineThreads extends ColumnThreads {
  readonly rowGroups: RowGroupThreads;
}
