import { memorySink } from '../../src/core/byte-sink.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeInput, MergeOptions, MergeResult } from '../../src/parquet/merge/merge-request.ts';
import { type FileFingerprint, fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';

/** How the tests merge unless they say otherwise. */
export const mergeOptions: MergeOptions = {
  rowGroupRows: 50_000,
  rowGroupBytes: 128 * 1024 * 1024,
  useDictionary: true,
  keyValues: [],
  createdBy: 'parquet-consolidator version 0.0.0-test',
};

/** A file in memory as an input of a merge. */
export async function inputOf(bytes: Uint8Array, name = 'input'): Promise<MergeInput> {
  const source = memorySource(name, bytes);
  return { source, footer: await readFooter(source) };
}

/** Merges files in memory. */
export async function mergeBytes(
  files: readonly Uint8Array[],
  options: Partial<MergeOptions> = {},
): Promise<{ readonly bytes: Uint8Array; readonly result: MergeResult }> {
  const inputs = await Promise.all(files.map((bytes, i) => inputOf(bytes, `input-${i}`)));
  const sink = memorySink('merged');
  const result = await mergeFiles(inputs, sink, { ...mergeOptions, ...options });
  return { bytes: new Uint8Array(sink.bytes()), result };
}

/** What a file in memory holds, by the engine's own reader. */
export async function fingerprintBytes(bytes: Uint8Array): Promise<FileFingerprint> {
  const { source, footer } = await inputOf(bytes, 'fingerprinted');
  return fingerprintFile(source, footer);
}
