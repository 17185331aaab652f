import type { ByteSource } from '../../core/byte-source.ts';
import { refOf, type Store } from '../../store/store.ts';
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
 * Really runs the query over every Parquet file of a directory, listing included, and counts what it reads. It is one
 * reader on one machine with warm caches: the counts carry over to a cluster, the milliseconds do not.
 */
export async function measureQuery(store: Store, directory: string): Promise<QueryCost> {
  await runQuery(store, directory);
  const runs: (Omit<QueryCost, 'medianMs'> & { readonly ms: number })[] = [];
  for (let i = 0; i < repetitions; i++) {
    const startedMs = performance.now();
    const found = await runQuery(store, directory);
    runs.push({ ...found, ms: performance.now() - startedMs });
  }
  const median = runs.toSorted((a, b) => a.ms - b.ms)[Math.floor(repetitions / 2)];
  if (median === undefined) throw new RangeError('the query was not run');
  const { ms, ...cost } = median;
  return { ...cost, medianMs: ms };
}

async function runQuery(store: Store, directory: string): Promise<Omit<QueryCost, 'medianMs'>> {
  const { parquetMetadataAsync, parquetReadObjects } = await loadHyparquetRows();
  const files = ((await store.list(directory)) ?? []).filter(({ name }) => name.endsWith('.parquet'));
  const sums = new Map<string, { speed: number; rows: number }>();
  const counts = { reads: 0, bytesRead: 0, rows: 0 };
  for (const status of files) {
    const source = await store.open(status.path, refOf(status));
    try {
      const file = countingFile(source, counts);
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
      await source.close();
    }
  }
  const answer = Object.fromEntries(
    [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, sum]) => [key, sum.speed / sum.rows]),
  );
  return { opens: files.length, ...counts, answer };
}

function countingFile(
  source: ByteSource,
  counts: { reads: number; bytesRead: number },
): { byteLength: number; slice: (start: number, end?: number) => Promise<ArrayBuffer> } {
  const { sizeBytes } = source;
  return {
    byteLength: sizeBytes,
    slice: async (start, end = sizeBytes) => {
      counts.reads++;
      counts.bytesRead += end - start;
      // A copy in a buffer of its own, which is what the reader takes.
      return new Uint8Array(await source.read(start, end - start)).buffer;
    },
  };
}
