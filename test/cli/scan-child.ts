/**
 * Scans a simulated dataset of 10,000 partitions with 100 files each, whose listings exist only while they are looked at, and prints
 * what came of it as JSON. For a process with a small heap: a million files that were kept would not fit into it.
 */
import { performance } from 'node:perf_hooks';
import { scanCollector } from '../../src/cli/scan/scan-summary.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { silentLogger } from '../../src/core/log.ts';
import { scanDataset } from '../../src/pipeline/scan-dataset.ts';
import { largeLake } from '../support/large-lake.ts';

const { store, basePath, asked } = largeLake({ partitions: 10_000, filesOfPartition: 100 });
const collector = scanCollector(20);
const begun = performance.now();
const scanned = scanDataset({
  store,
  basePath,
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
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const took = {
  rssBytes: maxRSS * 1024,
  ms: performance.now() - begun,
  cpuMs: (userCPUTime + systemCPUTime) / 1000,
};
process.stdout.write(JSON.stringify({ ...collector.summary(), ...asked, ...took }));
