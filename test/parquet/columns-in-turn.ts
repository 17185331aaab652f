import assert from 'node:assert/strict';
import type { ColumnFingerprint } from '../../src/parquet/fingerprint.ts';
import { mergeLeaves } from '../../src/parquet/merge/merge-files.ts';
import type {
  ColumnThreads,
  DetachedChunk,
  MergeInput,
  MergeOptions,
} from '../../src/parquet/merge/merge-request.ts';

/** Threads that are none: the shares are merged one after the other when their first chunk is asked for. */
export function columnThreads(
  count: number,
  inputs: readonly MergeInput[],
): ColumnThreads & { begun: number } {
  const threads = {
    count,
    begun: 0,
    begin: (range: { from: number; to: number }, options: MergeOptions) => {
      threads.begun++;
      const chunks: DetachedChunk[] = [];
      let columns: Promise<readonly ColumnFingerprint[]> | undefined;
      const done = () => {
        columns ??= mergeLeaves(inputs, range, options, async (chunk) => {
          const { leaf: _, keyValueBytes: __, pages, ...facts } = chunk;
          chunks.push({ ...facts, pages: pages.map((page) => page.slice()) });
        });
        return columns;
      };
      return {
        next: async () => {
          await done();
          const chunk = chunks.shift();
          assert.ok(chunk, 'more chunks were asked for than there are');
          return chunk;
        },
        finish: async () => {
          const result = await done();
          assert.equal(chunks.length, 0, 'chunks that nobody asked for');
          return result;
        },
        stop: async () => {},
      };
    },
  };
  return threads;
}

/** As a file of this machine's disk is: read without waiting. */
export function atHand({ source, footer }: MergeInput): MergeInput {
  const readNow = (offsetBytes: number, target: Uint8Array): void => {
    assert.ok(bytes !== undefined);
    target.set(bytes.subarray(offsetBytes, offsetBytes + target.length));
  };
  let bytes: Uint8Array | undefined;
  void source.read(0, source.sizeBytes).then((all) => {
    bytes = all;
  });
  return { source: { ...source, readNow }, footer };
}
