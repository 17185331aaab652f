import type { ColumnFingerprint } from '../../parquet/fingerprint.ts';
import type { SortedFacts } from '../../parquet/sort/sort-request.ts';
import type { MergedElsewhere } from '../../pipeline/bin-executor.ts';
import { isCount, isObject, isTexts } from './json-shapes.ts';

/** What an executor says it has written; undefined when that has not the form. Whether it is true, verification finds. */
export function mergedIn(done: unknown): MergedElsewhere | undefined {
  if (!isObject(done) || !isObject(done.merged) || !isObject(done.written)) return undefined;
  const { attempt, merged, written } = done;
  const { rows, rowGroups, rowGroupsCopied, chunksCopied, sizeBytes, columns, sorting, sorted, warnings } =
    merged;
  if (typeof attempt !== 'string' || !isCount(rows) || !isCount(rowGroups) || !isCount(sizeBytes))
    return undefined;
  if (!Array.isArray(columns) || !isTexts(warnings)) return undefined;
  if (!isCount(written.sizeBytes) || typeof written.sha256 !== 'string') return undefined;
  const fingerprints = columns.map(fingerprintIn).filter((one) => one !== undefined);
  if (fingerprints.length !== columns.length) return undefined;
  const stated = isObject(sorting) ? sorting.stated : undefined;
  const kept = isObject(sorting) ? sorting.kept : undefined;
  const ofSorting = sortedIn(sorted);
  // Without it verification would want the order of the inputs.
  if (sorted !== undefined && ofSorting === undefined) return undefined;
  return {
    attempt,
    merged: {
      rows,
      rowGroups,
      ...(isCount(rowGroupsCopied) ? { rowGroupsCopied } : {}),
      ...(isCount(chunksCopied) ? { chunksCopied } : {}),
      sizeBytes,
      columns: fingerprints,
      ...(isTexts(stated) && isTexts(kept) ? { sorting: { stated, kept } } : {}),
      ...(ofSorting === undefined ? {} : { sorted: ofSorting }),
      warnings,
    },
    written: { sizeBytes: written.sizeBytes, sha256: written.sha256 },
  };
}

function sortedIn(sorted: unknown): SortedFacts | undefined {
  if (!isObject(sorted) || !Array.isArray(sorted.by) || !Array.isArray(sorted.sample)) return undefined;
  const { rowSum, overlap, runs, scratchBytes } = sorted;
  const by = sorted.by.filter(isSortTerm);
  const sample = sorted.sample.filter(isSampledRow);
  if (typeof rowSum !== 'string' || !isCount(runs) || !isCount(scratchBytes)) return undefined;
  if (by.length !== sorted.by.length || sample.length !== sorted.sample.length) return undefined;
  if (!Array.isArray(overlap) || !overlap.every(isOverlap)) return undefined;
  return { by, rowSum, sample, overlap, runs, scratchBytes };
}

function isSortTerm(value: unknown): value is SortedFacts['by'][number] {
  if (!isObject(value) || typeof value.path !== 'string') return false;
  return typeof value.isDescending === 'boolean' && typeof value.nullsFirst === 'boolean';
}

function isSampledRow(value: unknown): value is SortedFacts['sample'][number] {
  return isObject(value) && isCount(value.row) && isCount(value.origin);
}

function isOverlap(value: unknown): value is SortedFacts['overlap'][number] {
  if (!isObject(value) || typeof value.path !== 'string') return false;
  return [value.before, value.after].every((one) => {
    return (
      isObject(one) && isCount(one.rowGroups) && (one.share === undefined || typeof one.share === 'number')
    );
  });
}

function fingerprintIn(column: unknown): ColumnFingerprint | undefined {
  if (!isObject(column)) return undefined;
  const { path, values, nulls, levelDigest, valueDigest, min, max } = column;
  if (typeof path !== 'string' || !isCount(values) || !isCount(nulls)) return undefined;
  if (typeof levelDigest !== 'string' || typeof valueDigest !== 'string') return undefined;
  return {
    path,
    values,
    nulls,
    levelDigest,
    valueDigest,
    ...(typeof min === 'string' ? { min: bytesOf(min) } : {}),
    ...(typeof max === 'string' ? { max: bytesOf(max) } : {}),
  };
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
