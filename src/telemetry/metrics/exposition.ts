import { Gauge, Registry } from 'prom-client';
import { exitCodes } from '../../core/exit-codes.ts';
import type { RunReport } from '../run-report.ts';
import { metricPrefix, metricTable } from './metric-table.ts';
import { runFigures } from './run-figures.ts';

/** Whether what a run says of success may be said: it ended with exit code 0. */
export function isSuccess({ exitCode }: RunReport): boolean {
  return exitCode === exitCodes.ok;
}

/**
 * A run as Prometheus reads it: the text format, every metric of the table with label `dataset` (and `shard`, of runs
 * that share the partitions); without those that only a success tells when it was none.
 */
export async function exposition(report: RunReport): Promise<string> {
  const registry = new Registry();
  const own = { dataset: report.dataset, ...(report.shard === undefined ? {} : { shard: report.shard }) };
  const figures = runFigures(report);
  for (const { name, help, labels, onlyOfSuccess, samples } of metricTable) {
    if (onlyOfSuccess === true && !isSuccess(report)) continue;
    const gauge = new Gauge({
      name: metricPrefix + name,
      help,
      labelNames: [...Object.keys(own), ...labels],
      registers: [registry],
    });
    for (const sample of samples(report, figures)) gauge.set({ ...own, ...sample.labels }, sample.value);
  }
  return registry.metrics();
}
