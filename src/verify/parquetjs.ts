/**
 * The one door to @dsnp/parquetjs. Loading it takes a tenth of a second, since it brings an S3 client along: only who
 * really reads or writes files with it calls this.
 */
export function loadParquetjs() {
  return import('@dsnp/parquetjs');
}

/** What {@link loadParquetjs} resolves with. */
export type Parquetjs = Awaited<ReturnType<typeof loadParquetjs>>;

/** Its decoders alone, which bring nothing along. */
export async function loadParquetjsDecoders() {
  const [codecs, compression] = await Promise.all([
    import('@dsnp/parquetjs/dist/lib/codec/index.js'),
    import('@dsnp/parquetjs/dist/lib/compression.js'),
  ]);
  return { ...codecs, inflate: compression.inflate };
}

/** What {@link loadParquetjsDecoders} resolves with. */
export type ParquetjsDecoders = Awaited<ReturnType<typeof loadParquetjsDecoders>>;
