import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import type { ReportSink, RunReport } from '../run-report.ts';
import { exposition, isSuccess } from './exposition.ts';
import { metricPrefix, metricTable } from './metric-table.ts';

/**
 * Writes a run into a file for node_exporter's textfile collector: under another name first, then renamed, readable by all (0644).
 * What only a success tells is taken over from the file as it was when the run was none.
 */
export function textfileSink(path: string): ReportSink {
  return {
    name: 'textfile',
    deliver: async (report) => {
      try {
        await write(path, report);
        return [];
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        return [
          `the metrics could not be written to ${path}: ${problem}; the run is not affected. ` +
            'Its directory must exist and be writable for this user (--metrics-textfile, metrics.textfile).',
        ];
      }
    },
  };
}

async function write(path: string, report: RunReport): Promise<void> {
  const fresh = await exposition(report);
  const text = isSuccess(report) ? fresh : fresh + (await lastSuccess(path, report.dataset));
  // Not .prom, so that the collector never takes it for one of its files.
  const staged = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(staged, 'w', 0o644);
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    // The umask may have taken bits away.
    await chmod(staged, 0o644);
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

/** The lines of the old file that only a success may replace, of this dataset. */
async function lastSuccess(path: string, dataset: string): Promise<string> {
  const names = metricTable
    .filter(({ onlyOfSuccess }) => onlyOfSuccess === true)
    .map(({ name }) => metricPrefix + name);
  let before: string;
  try {
    before = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
  const label = `dataset="${dataset.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  const kept = before
    .split('\n')
    .filter((line) =>
      names.some(
        (name) =>
          line.startsWith(`# HELP ${name} `) ||
          line.startsWith(`# TYPE ${name} `) ||
          (line.startsWith(`${name}{`) && line.includes(label)),
      ),
    );
  return kept.some((line) => !line.startsWith('#')) ? `${kept.join('\n')}\n` : '';
}
