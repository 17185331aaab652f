import { dateOf, relativePathOf } from '../../core/partition-key.ts';
import type { SwapReceipt } from '../../swap/journal.ts';
import { arrivalsOf } from './arrivals.ts';

/** A row of `consolidation_metrics`, as JSON; columns that the database works out are not in it. */
export interface MetricsRow {
  readonly run_id: string;
  readonly partition_date: string;
  /** Below the base: `date=2025-08-15`. */
  readonly partition_path: string;
  readonly dataset: string;
  readonly calculation_date: string;
  readonly tool_version: string;
  readonly outcome: string;
  readonly files_before_consolidation: number;
  readonly files_after_consolidation: number;
  readonly bytes_before: number;
  readonly bytes_after: number;
  readonly row_count: number;
  readonly duration_seconds: number;
  readonly undone_by: string | null;
  readonly verification: SwapReceipt['verification'];
  readonly warnings: readonly string[];
  readonly arrivals: Readonly<Record<string, number>> | null;
}

/** A row of `consolidation_log`, as JSON, without what it shares with its row of `consolidation_metrics`. */
export interface LogRow {
  readonly file_name: string;
  readonly file_size_bytes: number;
  readonly merged_into: string | null;
  /** How long the consolidation took that the file was part of: the same for all files of it, so that their mean is that. */
  readonly processing_time_seconds: number;
  /**
   * What the file has in the reduction of its partition, in percent of the partition's size: the sum over the files is by how
   * much the partition shrank.
   */
  readonly size_reduction_percent: number;
}

/** What a receipt says, as rows; undefined for one of an undo, or that replaced nothing. */
export function receiptRows(
  receipt: SwapReceipt,
  dataset: string,
): { readonly metrics: MetricsRow; readonly log: readonly LogRow[] } | undefined {
  const { removed, added, plan, verification } = receipt;
  if (receipt.kind !== 'consolidate' || removed.length === 0) return undefined;
  const merged = added.filter(({ binIndex }) => binIndex !== undefined);
  const bytesBefore = sum(removed.map(({ sizeBytes }) => sizeBytes));
  const bytesAfter = sum(merged.map(({ sizeBytes }) => sizeBytes));
  const seconds = Math.max(0, receipt.finishedAtMs - (receipt.begunAtMs ?? timeOf(receipt.runId))) / 1000;
  const outputs = outputNames(receipt);
  return {
    metrics: {
      run_id: receipt.runId,
      partition_date: dateOf(receipt.date),
      partition_path: relativePathOf(receipt.date),
      dataset,
      calculation_date: new Date(receipt.finishedAtMs).toISOString(),
      tool_version: receipt.toolVersion,
      outcome: receipt.outcome,
      files_before_consolidation: removed.length,
      files_after_consolidation: merged.length,
      bytes_before: bytesBefore,
      bytes_after: bytesAfter,
      row_count: sum((plan?.bins ?? verification).map(({ rows }) => rows)),
      duration_seconds: seconds,
      undone_by: receipt.undoneBy ?? null,
      verification,
      warnings: receipt.warnings,
      arrivals: arrivalsOf(receipt) ?? null,
    },
    log: removed.map(({ name, sizeBytes }) => ({
      file_name: name,
      file_size_bytes: sizeBytes,
      merged_into: outputs.get(name) ?? null,
      processing_time_seconds: seconds,
      size_reduction_percent: bytesBefore === 0 ? 0 : reductionShare(sizeBytes, bytesBefore, bytesAfter),
    })),
  };
}

/** The time at which a run took its lock, by its id, in milliseconds since 1970; exact to the second. */
export function timeOf(runId: string): number {
  const [, day, time] = /^(\d{8})T(\d{6})Z-/.exec(runId) ?? [];
  if (day === undefined || time === undefined) return Number.NaN;
  const iso = `${day.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3')}T${time.replace(/(\d\d)(\d\d)(\d\d)/, '$1:$2:$3')}Z`;
  return Date.parse(iso);
}

/** Each file's part of the saved bytes is as large as its part of the bytes there were. */
function reductionShare(sizeBytes: number, bytesBefore: number, bytesAfter: number): number {
  return ((bytesBefore - bytesAfter) / bytesBefore) * (sizeBytes / bytesBefore) * 100;
}

/** The name of the file that each input went into. */
function outputNames({ plan, added }: SwapReceipt): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { index, inputs } of plan?.bins ?? []) {
    const output = added.find(({ binIndex }) => binIndex === index);
    if (output === undefined) continue;
    for (const { name } of inputs) names.set(name, output.name);
  }
  return names;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
