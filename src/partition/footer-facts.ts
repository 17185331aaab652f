import { readStamp } from '../parquet/consolidation-stamp.ts';
import { readFoldStamp } from '../parquet/fold/fold-stamp.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { FooterFacts } from '../plan/partition-plan.ts';
import { readingMetadata } from './reading-metadata.ts';

/** What `createdBy` of the files this program writes starts with. */
const ownWriter = 'parquet-consolidator ';

/**
 * What planning needs of a footer. A stamp counts only in a file of this program: pyarrow, for one, copies key-value
 * metadata into whatever it writes from a merged file, and such a copy would never be merged again.
 */
export function footerFacts(footer: ParquetFooter): FooterFacts {
  const isOurs = footer.createdBy?.startsWith(ownWriter) ?? false;
  const folded = isOurs ? readFoldStamp(footer) : undefined;
  const merged = isOurs && folded === undefined ? readStamp(footer) : undefined;
  const reading = readingMetadata(footer);
  return {
    rows: footer.rows,
    rowGroups: footer.rowGroups.length,
    columnChunks: footer.rowGroups.reduce((sum, rowGroup) => sum + rowGroup.chunks.length, 0),
    footerSizeBytes: footer.footerSizeBytes,
    rowGroupBytes: footer.rowGroups.reduce((sum, rowGroup) => sum + rowGroup.bytes.length, 0),
    schemaKey: footer.schemaKey,
    ...(reading === undefined ? {} : { reading }),
    ...(merged === undefined ? {} : { ours: merged }),
    ...(folded === undefined ? {} : { folded }),
  };
}
