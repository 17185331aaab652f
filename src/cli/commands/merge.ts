import { randomInt } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { makeRunId } from '../../partition/names.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { assertOutApart, findLocalFiles } from '../merge/local-files.ts';
import { mergeToFile } from '../merge/merge-to-file.ts';
import { settingsOf } from '../open-dataset.ts';
import { beforeAfterTable } from '../output/before-after.ts';
import { jsonLine } from '../output/json-line.ts';
import { formatDuration } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import { progressLine } from '../output/progress-line.ts';
import { sortingLines } from '../output/sorting-text.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type MergeInvocation = Extract<Invocation, { command: 'merge' }>;

/** Merges local files into one new file, without touching them. */
export async function runMerge(invocation: MergeInvocation, environment: CliEnvironment): Promise<ExitCode> {
  const { terminal, version } = environment;
  for (const place of [...invocation.inputs, invocation.out]) assertLocal(place);
  const out = resolve(invocation.out);
  // No dataset is involved; settings want to know of one, so they get the place the new file lies in.
  const basePath = pathToFileURL(dirname(out)).href;
  const settings = await settingsOf(
    { ...invocation, settingFlags: { ...invocation.settingFlags, 'base-path': basePath } },
    environment,
  );
  const progress = progressLine(terminal);
  const log = stderrLogger(progress.messages, invocation.verbose);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  const startedMs = performance.now();
  try {
    const paths = invocation.inputs.map((input) => resolve(input));
    const files = await findLocalFiles(paths);
    await assertOutApart(out, paths);
    const merged = await mergeToFile({
      files,
      out,
      settings,
      sortCheck: invocation.sortCheck,
      runId: makeRunId(Date.now(), randomInt(2 ** 24)),
      toolVersion: version,
      log,
      showProgress: progress.show,
      stop: signals.signal,
    });
    progress.clear();
    const durationMs = Math.round(performance.now() - startedMs);
    for (const warning of merged.warnings) log.warn(warning);
    terminal.out(
      invocation.output === 'json'
        ? jsonLine({ command: 'merge', exitCode: exitCodes.ok, ...merged, durationMs })
        : `${terminal.style.good('✔')} ${terminal.style.bold(out)}\n\n` +
            beforeAfterTable({
              files: [merged.filesBefore, 1],
              bytes: [merged.bytesBefore, merged.sizeBytes],
              rows: [merged.rows, merged.rows],
              rowGroups: [merged.rowGroupsBefore, merged.rowGroups],
            }) +
            (merged.sorting === undefined
              ? ''
              : `\n${sortingLines(merged.sorting)
                  .map((line) => `  ${line}\n`)
                  .join('')}`) +
            (merged.sortedBy.length === 0 || merged.sorting !== undefined
              ? ''
              : `\n  The rows of each row group are sorted by ${merged.sortedBy.map(printable).join(', ')}, as the files say.\n`) +
            `\n  Merged and verified in ${formatDuration(durationMs)}; the sources are untouched.\n`,
    );
    return exitCodes.ok;
  } finally {
    signals.dispose();
    progress.clear();
  }
}

function assertLocal(place: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(place)?.[1];
  if (scheme === undefined) return;
  throw new ConfigError(`merge works on files of this machine, and ${place} is a ${scheme} URI`, {
    code: 'merge-needs-local-files',
    hint: 'Fetch it first (hdfs dfs -get), or consolidate its partition where it is with --date and --base-path.',
    dataState: 'nothing was touched',
  });
}
