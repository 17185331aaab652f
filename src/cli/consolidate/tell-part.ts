import { baseText } from '../../config/base-location.ts';
import type { ExitCode } from '../../core/exit-codes.ts';
import type { DatasetWork } from '../../pipeline/best-first.ts';
import type { CaughtUp } from '../../pipeline/replica/replica-keeper.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { type RunStart, reportSettings, reportSinks, runReport, tellOfRun } from '../after-run.ts';
import { commandFor } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import { consolidationText, noPartitionText, removedBackupsText } from '../output/consolidation-text.ts';
import { dated, datedWithPlan } from '../output/partition-words.ts';
import { replicaFailures, replicaText, replicaWarnings } from '../output/replica-text.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { reportTroubles } from '../output/troubles.ts';
import { given } from '../parsed-flags.ts';
import type { DatasetPart } from './dataset-part.ts';

/** What a run came to in one dataset. */
export interface DonePart {
  readonly part: DatasetPart;
  readonly exitCode: ExitCode;
  readonly results: readonly PartitionResult[];
  /** Of `results`: those that were asked for; the rest was left. */
  readonly asked: number;
  /** Of `--all`: how many partitions were not worth a run, wait, or are refused. */
  readonly others?: DatasetWork['others'];
  readonly caughtUp: readonly CaughtUp[];
}

/** What JSON says of it. */
export function partFacts({ part, results, others, caughtUp }: DonePart): Readonly<Record<string, unknown>> {
  const { settings, store, basePath } = part.dataset;
  return {
    mode: settings.consolidation.mode,
    store: store.uri,
    basePath,
    partitions: results.map(datedWithPlan),
    ...(others === undefined ? {} : { others }),
    removedBackups: part.removedBackups.map(dated),
    ...(settings.replica === undefined
      ? {}
      : { replica: { uri: baseText(settings.replica), caughtUp: caughtUp.map(dated) } }),
  };
}

/** What a person reads of it, below the title; empty when stderr says all there is. */
export function partText(
  { part, results, asked, others, caughtUp }: DonePart,
  environment: CliEnvironment,
): string {
  const { invocation, dataset, wanted, removedBackups } = part;
  const { settings, shownPath } = dataset;
  const context = {
    style: environment.terminal.style,
    mode: settings.consolidation.mode,
    shownPath,
    undoCommand: (date: string) => commandFor(['undo', date], invocation, environment),
  };
  const body =
    results.length > 0
      ? consolidationText(results, invocation, context)
      : asked > 0
        ? ''
        : noPartitionText(wanted, sum(Object.values(others ?? {})), settings.consolidation.layout);
  const removed = removedBackupsText(removedBackups, settings.safety.backupRetentionDays);
  const copied =
    settings.replica === undefined ? '' : replicaText(baseText(settings.replica), results, caughtUp);
  return body + othersText(others) + removed + copied;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** `Not begun: 3 waiting, 1 refused`: what `scan` says more of. */
function othersText({ waiting = 0, refused = 0 }: DatasetWork['others'] = {}): string {
  const counts = [
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(refused === 0 ? [] : [`${refused} refused`]),
  ];
  return counts.length === 0 ? '' : `\nNot begun: ${counts.join(', ')} (scan says why)\n`;
}

/** Warnings and failures, to stderr. What a replica lacks is told once, and not for each partition. */
export function reportPartTroubles(
  { part, results, caughtUp }: DonePart,
  { terminal }: Pick<CliEnvironment, 'terminal'>,
): void {
  const { invocation, dataset } = part;
  reportTroubles(results, invocation, terminal);
  const { replica } = dataset.settings;
  if (replica === undefined) return;
  const log = stderrLogger(terminal, invocation.verbose);
  for (const warning of replicaWarnings(baseText(replica), results, caughtUp)) log.warn(warning);
}

/** Tells everybody who is told of runs. */
export async function reportPart(
  { part, results, exitCode, caughtUp }: DonePart,
  start: RunStart,
  environment: CliEnvironment,
): Promise<void> {
  const { invocation, dataset, notices } = part;
  const { settings, store, basePath } = dataset;
  const behind = replicaFailures(results, caughtUp);
  const sinkFailures = { ...notices.failures(), ...(behind === 0 ? {} : { replica: behind }) };
  const end = { start, settings: reportSettings(settings), exitCode, partitions: results, sinkFailures };
  const report = runReport({ ...end, ...given('shard', invocation.shard) }, environment);
  const log = stderrLogger(environment.terminal, invocation.verbose);
  const run = { settings, store, basePath, exitCode, log };
  await tellOfRun(report, () => reportSinks(run, environment), log);
}
