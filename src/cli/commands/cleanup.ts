import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize, msPerDay } from '../../core/units.ts';
import { listBase } from '../../partition/list-base.ts';
import { type CleanupOutcome, cleanupRuns } from '../../swap/cleanup.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { datasetNamed, openDataset } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';
import { counted } from '../output/numbers.ts';
import { dated } from '../output/partition-words.ts';
import { printable } from '../output/printable.ts';
import { stderrLogger } from '../output/stderr-logger.ts';

type CleanupInvocation = Extract<Invocation, { command: 'cleanup' }>;

/** Deletes the backups whose retention is over. */
export async function runCleanup(
  invocation: CleanupInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const { dryRun } = invocation;
  const { settings, store, basePath, shownPath } = await openDataset(invocation, environment);
  // A mistyped path must not read as good news.
  await listBase(store, basePath);
  const retentionDays = settings.safety.backupRetentionDays;
  const request = {
    store,
    basePath,
    retentionMs: retentionDays * msPerDay,
    log: stderrLogger(terminal, invocation.verbose),
  };
  if (!dryRun && invocation.output === 'text') {
    const due = (await cleanupRuns({ ...request, dryRun: true })).filter(
      ({ action }) => action !== 'skipped',
    );
    if (due.length > 0) {
      terminal.out(`Will delete ${backupsText(due)} older than ${counted(retentionDays, 'day')}:\n`);
    }
  }
  const outcomes = await cleanupRuns({ ...request, dryRun });
  if (invocation.output === 'json') {
    terminal.out(
      jsonLine({
        command: 'cleanup',
        exitCode: exitCodes.ok,
        ...datasetNamed(settings),
        dryRun,
        store: store.uri,
        basePath,
        retentionDays,
        outcomes: outcomes.map(dated),
      }),
    );
    return exitCodes.ok;
  }
  if (outcomes.length === 0) {
    terminal.out(
      `Nothing to clean up in ${shownPath(basePath)}: no backup is older than ${counted(retentionDays, 'day')}.\n`,
    );
  }
  for (const outcome of outcomes) {
    const backup = `${counted(outcome.backupFiles, 'backup file')} (${formatSize(outcome.backupBytes)})`;
    terminal.out(
      `${printable(partitionLabel(outcome.date))}  ${outcome.action}: ${backup}; ${printable(outcome.sentence)}\n`,
    );
  }
  const due = outcomes.filter(({ action }) => action !== 'skipped');
  if (due.length > 0) {
    terminal.out(dryRun ? `DRY RUN: Would delete ${backupsText(due)}\n` : `Deleted ${backupsText(due)}\n`);
  }
  return exitCodes.ok;
}

/** `the backups of 3 runs: 63 files (1.9M)`. */
function backupsText(outcomes: readonly CleanupOutcome[]): string {
  const files = outcomes.reduce((sum, { backupFiles }) => sum + backupFiles, 0);
  const bytes = outcomes.reduce((sum, { backupBytes }) => sum + backupBytes, 0);
  return `the backups of ${counted(outcomes.length, 'run')}: ${counted(files, 'file')} (${formatSize(bytes)})`;
}
