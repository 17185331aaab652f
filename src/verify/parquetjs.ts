/**
 * The one door to @dsnp/parquetjs. Loading it takes a tenth of a second, since it brings an S3 client along: only who
 * really reads or writes with it calls this.
 */
export function loadParquetjs() {
  return import('@dsnp/parquetjs');
}

/** What {@link loadParquetjs} resolves with. */
export type Parquetjs = Awaited<ReturnType<typeof loadParquetjs>>;
