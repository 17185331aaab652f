import { bytesPerMb, formatSize } from '../core/units.ts';
import { type Figure, figure } from './figure.ts';

/** What is known of one partition that is over. */
export interface PartitionFacts {
  /** Its key. */
  readonly partition: string;
  /** Of its data files: their length, or of merged ones what they were made of, as bins are filled by. */
  readonly sizeBytes: number;
}

/** What is known of one merged file. */
export interface MergedFileFacts {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly rowGroups: number;
  readonly columns: number;
  /**
   * By query column, for a value that is there: the share of the file's row groups whose bounds do not rule it out, which a reader has
   * to look into. 1 where they rule out nothing; columns that the file does not have are left out.
   */
  readonly lookedInto: Readonly<Record<string, number>>;
}

/** Everything that a size is chosen by. Plain data. */
export interface SizingFacts {
  /** The newest, newest first. */
  readonly partitions: readonly PartitionFacts[];
  readonly files: readonly MergedFileFacts[];
  /** As declared. */
  readonly queryColumns: readonly string[];
  /** Rows of a row group as set, and whether that is another number than the default. */
  readonly rowGroupRows: number;
  readonly rowGroupRowsSaid: boolean;
}

/** How large files are made, and why. Plain JSON. */
export interface SizingDecision {
  readonly targetSizeBytes: number;
  readonly rowGroupRows: number;
  /** Sentences: of the size, then of the row groups. */
  readonly reasons: readonly string[];
  /** Every number in them, with what it was worked out from. */
  readonly arithmetic: readonly Figure[];
}

/** The default, and a block of HDFS: smaller files would save nothing, since a bin holds no more than there is. */
const leastBytes = 128 * bytesPerMb;
/** Beyond, one damaged or late file makes too much to be written again, and few readers share a partition. */
const mostBytes = 512 * bytesPerMb;
const unitBytes = 16 * bytesPerMb;
/** Of ten partitions nine are not larger than the one that counts. */
const usualShare = 0.9;
/** Room for a day that is a little larger than usual. */
const margin = 1.1;
/** Row groups of a file below which nobody can say whether bounds part them. */
const leastRowGroups = 4;
/** Above, bounds are taken to rule out nothing worth having small row groups for. */
const prunesBelow = 0.5;
/** Stored bytes that a read of one column of one row group should have, for a seek to be worth it. */
const chunkBytes = bytesPerMb;
const mostRows = 1_000_000;
const unitRows = 10_000;

/**
 * Chooses the size of files and of row groups for a dataset. Pure: the same facts give the same choice.
 */
export function chooseSize(facts: SizingFacts): SizingDecision {
  const size = targetFor(facts);
  const rows = rowsFor(facts);
  return {
    targetSizeBytes: size.chosen,
    rowGroupRows: rows.chosen,
    reasons: [size.reason, rows.reason],
    arithmetic: [...size.arithmetic, ...rows.arithmetic],
  };
}

interface Choice {
  readonly chosen: number;
  readonly reason: string;
  readonly arithmetic: readonly Figure[];
}

function targetFor({ partitions }: SizingFacts): Choice {
  const sizes = partitions.map(({ sizeBytes }) => sizeBytes).toSorted((a, b) => a - b);
  const rank = Math.ceil(usualShare * sizes.length);
  const usual = sizes[rank - 1] ?? 0;
  if (usual === 0) {
    return {
      chosen: leastBytes,
      reason: `Target ${formatSize(leastBytes)}, the default: there is no partition yet that is over and has data to go by`,
      arithmetic: [],
    };
  }
  const usualFigure = figure(
    'usual partition',
    usual,
    'bytes',
    `the ${usualShare} quantile: number ${rank} of ${sizes.length} by size`,
    {
      partitions: sizes.length,
      smallest: sizes[0] ?? 0,
      largest: sizes.at(-1) ?? 0,
    },
  );
  const files = Math.ceil((usual * margin) / mostBytes);
  const filesFigure = figure(
    'files a partition',
    files,
    'files',
    'usual partition × margin ÷ most, rounded up',
    {
      'usual partition': usual,
      margin,
      most: mostBytes,
    },
  );
  const each = (usual * margin) / files;
  const chosen = Math.max(leastBytes, Math.ceil(each / unitBytes) * unitBytes);
  const targetFigure = figure(
    'target',
    chosen,
    'bytes',
    'usual partition × margin ÷ files, rounded up to the unit, at least the least',
    {
      'usual partition': usual,
      margin,
      files,
      unit: unitBytes,
      least: leastBytes,
    },
  );
  const newest = sizes.length === 1 ? 'the newest partition' : `the ${sizes.length} newest partitions`;
  const of = `of ${newest}, ${usualShare * 100} % have ${formatSize(usual)} or less of small files`;
  const reason =
    chosen === leastBytes
      ? `Target ${formatSize(chosen)}, the least: ${of}, which is one file`
      : `Target ${formatSize(chosen)}: ${of}, which with ${Math.round((margin - 1) * 100)} % to spare ` +
        `${files === 1 ? 'is one file' : `are ${files} equal files of at most ${formatSize(mostBytes)}`} and no rest`;
  return { chosen, reason, arithmetic: [usualFigure, filesFigure, targetFigure] };
}

function rowsFor({ files, queryColumns, rowGroupRows, rowGroupRowsSaid }: SizingFacts): Choice {
  const keep = (why: string, arithmetic: readonly Figure[] = []): Choice => ({
    chosen: rowGroupRows,
    reason: `Row groups of ${rowGroupRows} rows: ${why}`,
    arithmetic,
  });
  if (rowGroupRowsSaid) return keep('compression.row_group_size says so');
  if (queryColumns.length === 0) return keep('no query columns are declared (consolidation.query_columns)');
  const told = files.filter(({ rowGroups }) => rowGroups >= leastRowGroups);
  const shares = queryColumns.flatMap((column) => {
    const known = told.flatMap(({ lookedInto }) => lookedInto[column] ?? []);
    return known.length === 0 ? [] : [{ column, files: known.length, share: mean(known) }];
  });
  if (shares.length === 0) {
    return keep(
      `no merged file with ${queryColumns.join(', ')} has the ${leastRowGroups} row groups that it takes to tell whether their bounds part them`,
    );
  }
  const arithmetic = shares.map(({ column, files: count, share }) =>
    figure(
      `looked into for ${column}`,
      share,
      'share of row groups',
      'for the least value of each row group: row groups whose bounds hold it ÷ row groups; the mean, over the merged files',
      { files: count, 'row groups': sum(told.map(({ rowGroups }) => rowGroups)) },
    ),
  );
  const best = shares.reduce((a, b) => (b.share < a.share ? b : a));
  const percent = `${Math.round(best.share * 100)} %`;
  if (best.share < prunesBelow) {
    return keep(
      `a query for one value of ${best.column} has to look into ${percent} of them, which larger ones would spoil`,
      arithmetic,
    );
  }
  const stored = sum(told.map(({ sizeBytes }) => sizeBytes));
  const rows = sum(told.map((file) => file.rows));
  const columns = mean(told.map((file) => file.columns));
  const perRow = stored / Math.max(1, rows) / columns;
  const wanted = Math.ceil(chunkBytes / perRow / unitRows) * unitRows;
  const chosen = Math.min(mostRows, Math.max(rowGroupRows, wanted));
  return {
    chosen,
    reason:
      `Row groups of ${chosen} rows: a query for one value of ${best.column} has to look into ${percent} of them however small they are ` +
      `(the best of the query columns), so a column of one gets ${formatSize(Math.round(perRow * chosen))} on average for each read`,
    arithmetic: [
      ...arithmetic,
      figure('stored bytes of a value', perRow, 'bytes', 'bytes of the merged files ÷ rows ÷ columns', {
        bytes: stored,
        rows,
        columns,
      }),
      figure(
        'rows of a row group',
        chosen,
        'rows',
        'read ÷ stored bytes of a value, rounded up to the unit, between least and most',
        {
          read: chunkBytes,
          'stored bytes of a value': perRow,
          unit: unitRows,
          least: rowGroupRows,
          most: mostRows,
        },
      ),
    ],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}
