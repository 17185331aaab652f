/** One file of the demo partition, before it is written. */
export interface DemoFile {
  readonly name: string;
  readonly rows: number;
  /** Milliseconds since 1970 at which the writer opened the file. */
  readonly openedAtMs: number;
  readonly spanSeconds: number;
  readonly seed: number;
}

/** The date of the demo partition. */
export const demoDate = '2025-08-15';

const firstFlushMs = Date.UTC(2025, 7, 15, 19, 11, 32, 851);

/**
 * Rows per file: three writers, seven flushes. A busy minute fills about 45 KB; the second flush is what a streaming
 * writer leaves when it closes on a timer with almost nothing to say.
 */
const rowsPerFlush: readonly (readonly [number, number, number])[] = [
  [765, 640, 710],
  [3, 5, 390],
  [510, 750, 480],
  [190, 540, 745],
  [665, 7, 580],
  [735, 470, 80],
  [610, 755, 650],
];

/** The 21 files of the demo partition, in name order; the same on every machine. */
export function demoFiles(): readonly DemoFile[] {
  return rowsPerFlush.flatMap((rowsPerWriter, flush) =>
    rowsPerWriter.map((rows, writer) => {
      const openedAtMs = firstFlushMs + flush * 107_581 + writer * (271 + 4_733 * flush);
      return {
        name: demoFileName(openedAtMs, flush, 'ABC'.charAt(writer)),
        rows,
        openedAtMs,
        spanSeconds: 60,
        seed: 20_250_815 + 3 * flush + writer,
      };
    }),
  );
}

/** `telemetry-20250815_191132-cf-0-writer-A-1755285092851.parquet`: UTC time, flush, writer, milliseconds. */
function demoFileName(openedAtMs: number, flush: number, writer: string): string {
  const stamp = new Date(openedAtMs).toISOString().replaceAll(/[-:]/g, '').replace('T', '_').slice(0, 15);
  return `telemetry-${stamp}-cf-${flush}-writer-${writer}-${openedAtMs}.parquet`;
}
