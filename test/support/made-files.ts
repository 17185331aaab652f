import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParquetSchema, ParquetWriter, type SchemaDefinition } from '@dsnp/parquetjs';
import { memorySink } from '../../src/core/byte-sink.ts';
import { type ByteSource, memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeInput, MergeOptions, MergeResult } from '../../src/parquet/merge/merge-request.ts';
import { type BytesDigest, digestSink } from '../../src/verify/digest-sink.ts';
import type { Verification } from '../../src/verify/verify-staged-file.ts';

/** A row of the files made here: flat, optional and nested columns. */
export interface MadeRow {
  readonly id: bigint;
  readonly at: Date;
  readonly lat: number;
  readonly lon: number;
  readonly speed?: number;
  readonly braking: boolean;
  readonly weather?: string;
  readonly tags: readonly string[];
  readonly device?: { readonly maker: string; readonly year?: number };
}

const snappy = { compression: 'SNAPPY' } as const;
const fields = {
  id: { type: 'INT64', ...snappy },
  at: { type: 'TIMESTAMP_MILLIS', ...snappy },
  lat: { type: 'DOUBLE', ...snappy },
  lon: { type: 'DOUBLE', ...snappy },
  speed: { type: 'FLOAT', optional: true, ...snappy },
  braking: { type: 'BOOLEAN', ...snappy },
  weather: { type: 'UTF8', optional: true, ...snappy },
  tags: { type: 'UTF8', repeated: true, ...snappy },
  device: {
    optional: true,
    fields: { maker: { type: 'UTF8', ...snappy }, year: { type: 'INT32', optional: true, ...snappy } },
  },
} as const;

const words = ['clear', 'rain', 'fog', 'snow'] as const;

/** Rows first, first + 1, … of an endless table, the same on every call. */
export function madeRows(first: number, count: number): readonly MadeRow[] {
  return Array.from({ length: count }, (_, i) => {
    const n = first + i;
    const weather = words[n % 4];
    return {
      id: BigInt(n) * 1_000_000_007n,
      at: new Date(1_755_285_092_851 + n * 1000),
      lat: 33.7 + Math.sin(n),
      lon: -84.4 + Math.cos(n),
      ...(n % 7 === 3 ? {} : { speed: Math.fround((n * 37) % 90) }),
      braking: n % 11 === 5,
      ...(n % 5 === 1 || weather === undefined ? {} : { weather }),
      tags: Array.from({ length: n % 4 }, (_, k) => `t${(n + k) % 6}`),
      ...(n % 6 === 2
        ? {}
        : { device: { maker: `m${n % 3}`, ...(n % 9 === 4 ? {} : { year: 2000 + (n % 25) }) } }),
    };
  });
}

/** A Parquet file with these rows, written with @dsnp/parquetjs, under a name. */
export function madeFile(name: string, rows: readonly MadeRow[]): Promise<MergeInput> {
  return writtenFile(
    name,
    fields,
    rows.map((row) => ({ ...row })),
  );
}

/** The same for columns of one's own. */
export async function writtenFile(
  name: string,
  columns: SchemaDefinition,
  rows: readonly Record<string, unknown>[],
): Promise<MergeInput> {
  const directory = mkdtempSync(join(tmpdir(), 'made-'));
  const path = join(directory, 'made.parquet');
  const writer = await ParquetWriter.openFile(new ParquetSchema(columns), path);
  writer.setMetadata('made.by', 'the tests');
  for (const row of rows) await writer.appendRow(row);
  await writer.close();
  const source = memorySource(name, readFileSync(path));
  rmSync(directory, { recursive: true });
  return { source, footer: await readFooter(source) };
}

/** A merged file in memory with everything `verifyStagedFile` asks for. */
export interface MadeMerge {
  readonly bytes: Uint8Array;
  readonly merged: MergeResult;
  readonly written: BytesDigest;
}

/** Merges inputs in memory, with row groups of at most `rowGroupRows` rows; `more` counts instead of what is usual. */
export async function madeMerge(
  inputs: readonly MergeInput[],
  rowGroupRows = 50_000,
  more: Partial<MergeOptions> = {},
): Promise<MadeMerge> {
  const memory = memorySink('/data/staged');
  const sink = digestSink(memory);
  const merged = await mergeFiles(inputs, sink, {
    rowGroupRows,
    rowGroupBytes: 128 * 1024 * 1024,
    useDictionary: true,
    keyValues: [],
    createdBy: 'parquet-consolidator version 0.0.0-test',
    ...more,
  });
  await sink.close();
  // A copy that `slice` copies again, which a Buffer's does not.
  return { bytes: new Uint8Array(memory.bytes()), merged, written: sink.written() };
}

/** The arguments to verify `bytes` as the merge of `inputs`; `written` is what the bytes digest to. */
export async function verificationOf(
  inputs: readonly MergeInput[],
  made: { readonly bytes: Uint8Array; readonly merged: MergeResult; readonly written: BytesDigest },
): Promise<Verification> {
  const staged: ByteSource = memorySource('/data/staged', made.bytes);
  return {
    staged,
    stagedPath: '/data/staged',
    ref: { name: 'staged', fileId: '1:2:3', sizeBytes: made.bytes.length, modifiedAtMs: 0 },
    inputs,
    merged: { ...made.merged, sizeBytes: made.bytes.length },
    written: made.written,
    level: 'full',
    sampleSeed: '20250815T020000Z-abcdef',
  };
}

/** The digest of bytes as if they had been written as they are. */
export async function asWritten(bytes: Uint8Array): Promise<BytesDigest> {
  const sink = digestSink(memorySink('x'));
  await sink.write(bytes);
  return sink.written();
}
