// usage: partition-child.ts <directory> <bytes>; consolidates a partition that repeats the files of a directory, on a
// simulated HDFS that keeps of what is written only what is read back, and prints what it took as JSON.
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadSettings } from '../../src/config/load-settings.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import type { Store } from '../../src/store/store.ts';
import { type ContentWriter, contentOf, type FileContent, memoryHdfs } from '../support/memory-hdfs.ts';
import { usualTask } from '../support/usual-task.ts';

const [directory = '', sizeText] = process.argv.slice(2);
const date = '2025-08-15';
const basePath = '/lake/telemetry';
const partition = `${basePath}/date=${date}`;
const scratch = mkdtempSync(join(tmpdir(), 'consolidator-partition-'));

const originals = readdirSync(directory)
  .filter((name) => name.endsWith('.parquet'))
  .map((name) => fileContent(openSync(`${directory}/${name}`, 'r'), statSync(`${directory}/${name}`).size));

function fileContent(fd: number, sizeBytes: number): FileContent {
  return {
    sizeBytes,
    read: (offsetBytes, lengthBytes) => {
      const bytes = new Uint8Array(lengthBytes);
      readSync(fd, bytes, 0, lengthBytes, offsetBytes);
      return bytes;
    },
  };
}

/** The merged file that is being verified; the ones before it are only renamed from then on. */
let staged: { readonly fd: number; readonly path: string } | undefined;

function dropStaged(): void {
  if (staged === undefined) return;
  closeSync(staged.fd);
  rmSync(staged.path);
  staged = undefined;
}

function beginContent(path: string): ContentWriter {
  let sizeBytes = 0;
  if (/\/bin-\d+\.staged$/.test(path)) {
    dropStaged();
    const local = join(scratch, basename(path));
    const fd = openSync(local, 'w+');
    staged = { fd, path: local };
    return {
      write: (bytes) => {
        writeSync(fd, bytes, 0, bytes.length, sizeBytes);
        sizeBytes += bytes.length;
      },
      end: () => fileContent(fd, sizeBytes),
    };
  }
  // Backups and tails are never read by the run that makes them.
  if (/\/bin-/.test(path)) {
    const read = (): Uint8Array => {
      throw new Error(`${path} is read`);
    };
    return {
      write: (bytes) => {
        sizeBytes += bytes.length;
      },
      end: () => ({ sizeBytes, read }),
    };
  }
  const chunks: Uint8Array[] = [];
  return {
    write: (bytes) => {
      chunks.push(bytes.slice());
    },
    end: () => contentOf(Buffer.concat(chunks)),
  };
}

const memory = memoryHdfs({ beginContent });
const nowMs = await memory.store.nowMs();
const longAgoMs = nowMs - 2 * 86_400_000;
await memory.store.makeDirectory(partition, 0o755);
let files = 0;
let bytes = 0;
for (; bytes < Number(sizeText); files++) {
  const content = originals[files % originals.length];
  if (content === undefined) throw new Error('no files');
  memory.addFile(`${partition}/telemetry-${String(files).padStart(7, '0')}.parquet`, content, longAgoMs);
  bytes += content.sizeBytes;
}
memory.setModifiedAt(partition, longAgoMs);

const store: Store = { ...memory.store, abilities: { ...memory.store.abilities, remote: true } };
const settings = await loadSettings({ flags: { 'base-path': `hdfs://memory:8020${basePath}` }, env: {} });
const before = process.memoryUsage().rss;
const result = await consolidatePartition({
  store,
  basePath,
  date,
  settings,
  ...usualTask(),
  today: '2026-01-02',
  toolVersion: '0.0.0',
});
if (result.result !== 'consolidated') throw new Error(result.error?.message ?? result.result);
dropStaged();
rmSync(scratch, { recursive: true });
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    files,
    bytes,
    outputs: result.outputs.length,
    rows: result.outputs.reduce((sum, output) => sum + output.rows, 0),
    beforeBytes: before,
    wallSeconds: process.uptime(),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakBytes: maxRSS * 1024,
  }),
);
