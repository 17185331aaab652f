// usage: memory-child.ts <directory> <bytes> [bytes of memory [order of the rows]]; prints what the merge took as JSON.
import { openSync, readdirSync, readSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { ByteSink } from '../../src/core/byte-sink.ts';
import type { ByteSource } from '../../src/core/byte-source.ts';
import { parseSortOrder } from '../../src/core/sort-order-text.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { memoryLimitsFor } from '../../src/parquet/memory-limits.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeInput } from '../../src/parquet/merge/merge-request.ts';
import { footerForMerge } from '../../src/parquet/metadata/merge-footer.ts';
import { openScratchFile } from '../../src/store/scratch-file.ts';
import { mergeOptions } from '../parquet/merging.ts';

const [directory = '', sizeText, memoryText, orderText = ''] = process.argv.slice(2);
const paths = readdirSync(directory)
  .filter((name) => name.endsWith('.parquet'))
  .map((name) => `${directory}/${name}`);
const opened = paths.map((path) => ({ path, fd: openSync(path, 'r'), sizeBytes: statSync(path).size }));

const inputs: MergeInput[] = [];
let bytes = 0;
for (let i = 0; bytes < Number(sizeText); i++) {
  const file = opened[i % opened.length];
  if (file === undefined) throw new Error('no files');
  const source: ByteSource = {
    name: `${i}/${file.path}`,
    sizeBytes: file.sizeBytes,
    read: async (offsetBytes, lengthBytes) => {
      const result = new Uint8Array(lengthBytes);
      readSync(file.fd, result, 0, lengthBytes, offsetBytes);
      return result;
    },
    close: async () => {},
  };
  inputs.push({ source, footer: footerForMerge(await readFooter(source)) });
  bytes += file.sizeBytes;
}

const nowhere: ByteSink = {
  name: 'nowhere',
  write: async () => {},
  close: async () => {},
  abort: async () => {},
};
const afterFooters = process.memoryUsage().rss;
const by = parseSortOrder(orderText);
const scratch = by === undefined ? undefined : openScratchFile(tmpdir(), 0);
const result = await mergeFiles(inputs, nowhere, {
  ...mergeOptions,
  ...(memoryText === undefined ? {} : { memory: memoryLimitsFor(Number(memoryText)) }),
  ...(by === undefined || scratch === undefined ? {} : { sort: { by, scratch, seed: 'a' } }),
});
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    files: inputs.length,
    bytes,
    rows: result.rows,
    rowGroups: result.rowGroups,
    ...(result.sorted === undefined
      ? {}
      : { runs: result.sorted.runs, scratchBytes: result.sorted.scratchBytes }),
    wallSeconds: process.uptime(),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    footersBytes: afterFooters,
    peakBytes: maxRSS * 1024,
  }),
);
