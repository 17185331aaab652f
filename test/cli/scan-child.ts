/**
 * Scans a simulated dataset of 10,000 partitions with 100 files each, whose listings exist only while they are looked at, and prints
 * what came of it as JSON. For a process with a small heap: a million files that were kept would not fit into it.
 */
import { performance } from 'node:perf_hooks';
import { scanCollector } from '../../src/cli/scan/scan-summary.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { silentLogger } from '../../src/core/log.ts';
import { addDays } from '../../src/partition/partition-dates.ts';
import { scanDataset } from '../../src/pipeline/scan-dataset.ts';
import type { FileStatus, Store } from '../../src/store/store.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';

const partitions = 10_000;
const filesOfPartition = 100;
const nowMs = Date.UTC(2026, 0, 2);

const dates = Array.from({ length: partitions }, (_, index) => addDays('1998-01-01', index));
let listed = 0;
let opened = 0;

function status(path: string, kind: 'file' | 'directory', sizeBytes: number): FileStatus {
  return {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    kind,
    sizeBytes,
    modifiedAtMs: nowMs - 10 * 86_400_000,
    fileId: path,
    owner: 'lake',
    group: 'analysts',
    mode: 0o644,
    acl: [],
    ...(kind === 'file' ? { placement: { blockSizeBytes: 128 * 2 ** 20, replication: 3 } } : {}),
  };
}

const store: Store = {
  ...memoryHdfs().store,
  nowMs: async () => nowMs,
  stat: async (path) => (path === '/data' ? status(path, 'directory', 0) : undefined),
  list: async (path) => {
    listed++;
    if (path === '/data') return dates.map((date) => status(`/data/date=${date}`, 'directory', 0));
    if (!path.startsWith('/data/date=')) return undefined;
    // Every day's files are a little larger than those of the day before.
    const index = dates.indexOf(path.slice('/data/date='.length));
    return Array.from({ length: filesOfPartition }, (_, file) =>
      status(`${path}/telemetry-${String(file).padStart(6, '0')}.parquet`, 'file', 10_000 + index),
    );
  },
  open: async () => {
    opened++;
    throw new Error('a scan by listings opens no file');
  },
};

const collector = scanCollector(20);
const begun = performance.now();
const scanned = scanDataset({
  store,
  basePath: '/data',
  settings: await loadSettings({ flags: { 'base-path': 'hdfs://nn/data' }, env: {} }),
  today: '2026-01-02',
  currentDayAllowed: false,
  toolVersion: '0',
  log: silentLogger,
  showProgress: () => {},
  stop: new AbortController().signal,
  footers: false,
});
for await (const partition of scanned) collector.add(partition);
const { rssBytes, ms } = { rssBytes: process.resourceUsage().maxRSS * 1024, ms: performance.now() - begun };
process.stdout.write(JSON.stringify({ ...collector.summary(), listed, opened, rssBytes, ms }));
