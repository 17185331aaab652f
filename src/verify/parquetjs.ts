import * as codecs from '@dsnp/parquetjs/dist/lib/codec/index.js';
import { inflate } from '@dsnp/parquetjs/dist/lib/compression.js';

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
export const parquetjsDecoders = { ...codecs, inflate };

/** What a sample needs of the package. */
export type ParquetjsDecoders = typeof parquetjsDecoders;
