import { exitCodes } from '../../core/exit-codes.ts';
import type { ErrorFacts } from '../../telemetry/error-facts.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import type { Terminal } from '../terminal.ts';
import { dateRanges } from './date-ranges.ts';
import { counted } from './numbers.ts';
import { renderFacts } from './render-error.ts';
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
    for (const warning of result.warnings) log.warn(`${result.date}: ${warning}`);
    const { error } = result;
    if (error !== undefined) {
      const dates = isStoreWide(result) ? alike.get(error.code) : undefined;
      if (dates !== undefined) {
        dates.push(result.date);
        continue;
      }
      if (isStoreWide(result)) alike.set(error.code, []);
      const where = results.length > 1 ? `${result.date}: ` : '';
      terminal.err(renderFacts(error, { ...view, where }));
    } else if (result.result === 'refused' && !(dryRun && output === 'text')) {
      terminal.err(renderFacts(refusal(result), view));
    }
  }
  for (const [code, dates] of alike) {
    if (dates.length === 0) continue;
    const more = counted(dates.length, 'more date');
    terminal.err(
      `${terminal.errStyle.bad('error:')} ${more} failed in the same way (${code}): ${dateRanges(dates)}\n`,
    );
  }
}

function refusal({ date, rule, reason }: PartitionResult): ErrorFacts {
  return {
    code: rule,
    exitCode: exitCodes.unsupportedInput,
    message: `date ${date} is refused: ${reason}`,
    dataState: 'the partition is untouched',
  };
}
