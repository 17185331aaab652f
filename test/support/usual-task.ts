import { silentLogger } from '../../src/core/log.ts';
import type { DatasetTask } from '../../src/pipeline/partition-task.ts';

/** What tasks of tests have in common: a day long after the data, nothing forced, nobody told of anything, never stopped. */
export function usualTask(): Pick<
  DatasetTask,
  'today' | 'currentDayAllowed' | 'force' | 'dryRun' | 'toolVersion' | 'log' | 'showProgress' | 'stop'
> {
  return {
    today: '2025-09-01',
    currentDayAllowed: false,
    force: false,
    dryRun: false,
    toolVersion: '0.0.0-test',
    log: silentLogger,
    showProgress: () => {},
    stop: new AbortController().signal,
  };
}
