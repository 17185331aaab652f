import { parsedJson } from '../core/json-fields.ts';
import type { ParquetFooter } from './footer.ts';

/** Key of the footer's key-value metadata that marks a file as written by this program. */
export const stampKey = 'parquet-consolidator.stamp';

/** What a merged file says about its making; planning reads it so that it is not merged again and again. */
export interface ConsolidationStamp {
  /** Bytes of the small files it was made of. */
  readonly inputSizeBytes: number;
  readonly inputFiles: number;
  readonly runId: string;
  /** `created_by` of the files it was made of, each once. */
  readonly writers?: readonly string[];
}

/** The stamp as the value of {@link stampKey}. */
export function stampValue(stamp: ConsolidationStamp): string {
  return JSON.stringify(stamp);
}

/** The stamp of a file this program wrote; `undefined` for other files and for a stamp that makes no sense. */
export function readStamp(footer: ParquetFooter): ConsolidationStamp | undefined {
  return stampUnder(stampKey, footer);
}

/** The value of a key of the footer's metadata as a stamp; `undefined` when there is none or it makes no sense. */
export function stampUnder(key: string, footer: ParquetFooter): ConsolidationStamp | undefined {
  const value = footer.keyValues.find((pair) => pair.key === key)?.value;
  if (value === undefined) return undefined;
  const parsed = parsedJson(value);
  // Where a foreign program wrote this key, the file counts by its length, like any other.
  return isStamp(parsed) ? parsed : undefined;
}

function isStamp(value: unknown): value is ConsolidationStamp {
  if (typeof value !== 'object' || value === null) return false;
  if (!('inputSizeBytes' in value) || !('inputFiles' in value) || !('runId' in value)) return false;
  return (
    Number.isSafeInteger(value.inputSizeBytes) &&
    Number.isSafeInteger(value.inputFiles) &&
    typeof value.runId === 'string' &&
    (!('writers' in value) || isTexts(value.writers))
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
