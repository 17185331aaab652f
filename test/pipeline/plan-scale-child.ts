/**
 * usage: plan-scale-child.ts <partitions>; plans partitions of 100 files on a simulated HDFS, as a run with --from and --to does, and
 * prints what came of it, and what the NameNode was asked, as JSON. For a process with a small heap.
 */
import { performance } from 'node:perf_hooks';
import { atOnceFor } from '../../src/cli/at-once.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { consolidateDates } from '../../src/pipeline/consolidate-dates.ts';
import { datesInRange } from '../../src/pipeline/dates-in-range.ts';
import { smallFiles } from '../support/hdfs-seed.ts';
import { largeLake } from '../support/large-lake.ts';
import { usualTask } from '../support/usual-task.ts';

const partitions = Number(process.argv[2]);
const [file] = await smallFiles(1, { rowsPerFile: 50 });
if (file === undefined) throw new Error('there is no file to plan with');
const { store, basePath, dates, asked } = largeLake({
  partitions,
  filesOfPartition: 100,
  content: file.bytes,
});
const settings = await loadSettings({ flags: { 'base-path': 'hdfs://nn/data' }, env: {} });
const begun = performance.now();
const cpuBefore = process.cpuUsage();
const wanted = await datesInRange(store, basePath, { from: dates[0] ?? '', to: dates.at(-1) ?? '' });
const { options, ...together } = atOnceFor(settings.consolidation, wanted.length, false);
const results = await consolidateDates(
  {
    store,
    basePath,
    settings,
    ...usualTask(),
    today: '2026-01-02',
    dryRun: true,
    toolVersion: '0',
    ...together,
  },
  wanted,
  options,
);
const { user, system } = process.cpuUsage(cpuBefore);
const planned = results.filter(({ result }) => result === 'planned');
process.stdout.write(
  JSON.stringify({
    ...asked,
    partitions: results.length,
    planned: planned.length,
    files: planned.reduce((sum, { filesBefore }) => sum + filesBefore, 0),
    firstProblem: results.find(({ error }) => error !== undefined)?.error?.message,
    rssBytes: process.resourceUsage().maxRSS * 1024,
    ms: performance.now() - begun,
    cpuMs: (user + system) / 1000,
  }),
);
