import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadHyparquetRows } from '../../verify/hyparquet.ts';

/** What a query over a partition cost, and what it found. */
export interface QueryCost {
  /** Files opened. */
  readonly opens: number;
  /** Reads of a range of a file. */
  readonly reads: number;
  readonly bytesRead: number;
  /** Median wall time of the repetitions, after one that is not counted. */
  readonly medianMs: number;
  /** Rows looked at. */
  readonly rows: number;
  /** Mean speed by weather: equal answers before and after show that it asked the same data. */
  readonly answer: Readonly<Record<string, number>>;
}

/** The query in words, for the report. */
export const queryText = 'mean speed by weather: 2 of 17 columns, every row, read with hyparquet';

const repetitions = 5;

/** What is read of a file's end to find its footer, in one go. */
const footerReadBytes = 16 * 1024;

/**
 * Really runs the query over every Parquet file of a directory and counts what it reads. It is one reader on one
 * machine with warm caches: the counts carry over to a cluster, the milliseconds do not.
 */
export async function measureQuery(directory: string): Promise<QueryCost> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.parquet')).sort();
  const paths = names.map((name) => join(directory, name));
  await runQuery(paths);
  const runs: (Omit<QueryCost, 'medianMs'> & { readonly ms: number })[] = [];
  for (let i = 0; i < repetitions; i++) {
    const startedMs = performance.now();
    const found = await runQuery(paths);
    runs.push({ ...found, ms: performance.now() - startedMs });
  }
  const median = runs.toSorted((a, b) => a.ms - b.ms)[Math.floor(repetitions / 2)];
  if (median === undefined) throw new RangeError('the query was not run');
  const { ms, ...cost } = median;
  return { ...cost, medianMs: ms };
}

async function runQuery(paths: readonly string[]): Promise<Omit<QueryCost, 'medianMs'>> {
  const { parquetMetadataAsync, parquetReadObjects } = await loadHyparquetRows();
  const sums = new Map<string, { speed: number; rows: number }>();
  const counts = { reads: 0, bytesRead: 0, rows: 0 };
  for (const path of paths) {
    const handle = await open(path, 'r');
    try {
      const file = await countingFile(handle, counts);
      const metadata = await parquetMetadataAsync(file, { initialFetchSize: footerReadBytes });
      for (const { weather, speed_mph: speed } of await parquetReadObjects({
        file,
        metadata,
        columns: ['weather', 'speed_mph'],
      })) {
        counts.rows++;
        if (typeof speed !== 'number') continue;
        const key = typeof weather === 'string' ? weather : 'unknown';
        const sum = sums.get(key) ?? { speed: 0, rows: 0 };
        sums.set(key, { speed: sum.speed + speed, rows: sum.rows + 1 });
      }
    } finally {
      await handle.close();
    }
  }
  const answer = Object.fromEntries(
    [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, sum]) => [key, sum.speed / sum.rows]),
  );
  return { opens: paths.length, ...counts, answer };
}

async function countingFile(
  handle: FileHandle,
  counts: { reads: number; bytesRead: number },
): Promise<{ byteLength: number; slice: (start: number, end?: number) => Promise<ArrayBuffer> }> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(end - start);
      counts.reads++;
      counts.bytesRead += bytes.length;
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
}
