import { exitCodes } from '../../core/exit-codes.ts';
import type { LogFields } from '../../core/log.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import type { ErrorFacts } from '../../telemetry/error-facts.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import type { Terminal } from '../terminal.ts';
import { dateRanges } from './date-ranges.ts';
import { counted } from './numbers.ts';
import { partitionWords } from './partition-words.ts';
import { printable } from './printable.ts';
import { tellError } from './record-terminal.ts';
import { stderrLogger } from './stderr-logger.ts';
import { isStoreWide } from './store-wide.ts';

/** How a run was asked to tell of itself. */
export interface TroubleView {
  readonly verbose: boolean;
  readonly dryRun: boolean;
  readonly output: 'text' | 'json';
}

/** Warnings and failures of a run, to stderr whatever the output is. What stops many dates alike is said once. */
export function reportTroubles(
  results: readonly PartitionResult[],
  { verbose, dryRun, output }: TroubleView,
  terminal: Terminal,
): void {
  const log = stderrLogger(terminal, verbose);
  const view = { verbose, style: terminal.errStyle };
  const alike = new Map<string, string[]>();
  for (const result of results) {
    const of = { date: result.date, runId: result.runId };
    if (terminal.record !== undefined)
      log.info(`${result.result}: ${result.reason}`, { ...of, ...figuresOf(result) });
    for (const warning of result.warnings) log.warn(warning, of);
    const { error } = result;
    if (error !== undefined) {
      const dates = isStoreWide(result) ? alike.get(error.code) : undefined;
      if (dates !== undefined) {
        dates.push(result.date);
        continue;
      }
      if (isStoreWide(result)) alike.set(error.code, []);
      const where = results.length > 1 ? `${printable(partitionLabel(result.date))}: ` : '';
      tellError(terminal, error, { ...view, where }, of);
    } else if (result.result === 'refused' && !(dryRun && output === 'text')) {
      tellError(terminal, refusal(result), view, of);
    }
  }
  for (const [code, dates] of alike) {
    if (dates.length === 0) continue;
    const more = counted(dates.length, 'more date');
    log.error(`${more} failed in the same way (${code}): ${dateRanges(dates)}`);
  }
}

function refusal({ date, rule, reason }: PartitionResult): ErrorFacts {
  return {
    code: rule,
    exitCode: exitCodes.unsupportedInput,
    message: `${partitionWords(date)} is refused: ${reason}`,
    dataState: 'the partition is untouched',
  };
}

/** What a record says of a partition, so that a container's log tells the whole run. */
function figuresOf(result: PartitionResult): LogFields {
  const { rule, durationMs, filesBefore, filesAfter, bytesBefore, bytesAfter, rows, phaseMs } = result;
  const phases = Object.entries(phaseMs).map(([phase, ms]) => [`${phase}Ms`, ms] as const);
  const merged = filesBefore === 0 ? {} : { filesBefore, filesAfter, bytesBefore, bytesAfter, rows };
  return {
    step: 'result',
    result: result.result,
    rule,
    durationMs,
    ...merged,
    ...Object.fromEntries(phases),
  };
}
