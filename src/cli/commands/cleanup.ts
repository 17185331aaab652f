import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { formatSize } from '../../core/units.ts';
import { listBase } from '../../partition/list-base.ts';
import { cleanupRuns } from '../../swap/cleanup.ts';
import type { Invocation } from '../command-line.ts';
import type { CliEnvironment } from '../environment.ts';
import { openDataset } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';
import { counted } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import { stderrLogger } from '../output/stderr-logger.ts';

type CleanupInvocation = Extract<Invocation, { command: 'cleanup' }>;

const dayMs = 86_400_000;

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
  const outcomes = await cleanupRuns({
    store,
    basePath,
    retentionMs: retentionDays * dayMs,
    dryRun,
    log: stderrLogger(terminal, invocation.verbose),
  });
  if (invocation.output === 'json') {
    terminal.out(
      jsonLine({
        command: 'cleanup',
        exitCode: exitCodes.ok,
        dryRun,
        store: store.uri,
        basePath,
        retentionDays,
        outcomes,
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
    terminal.out(`${outcome.date}  ${outcome.action}: ${backup}; ${printable(outcome.sentence)}\n`);
  }
  return exitCodes.ok;
}
