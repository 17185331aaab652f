import type { ByteSource } from '../core/byte-source.ts';
import { type Logger, silentLogger } from '../core/log.ts';
import { type ColumnFingerprint, joinFingerprints } from '../parquet/fingerprint.ts';
import { type ParquetFooter, readFooter } from '../parquet/footer.ts';
import type { MemoryLimits } from '../parquet/memory-limits.ts';
import type { MergeInput, MergeResult } from '../parquet/merge/merge-request.ts';
import type { FileRef } from '../store/store.ts';
import { checkColumns } from './check-columns.ts';
import { checkFooter } from './check-footer.ts';
import { type BytesDigest, digestOf } from './digest-sink.ts';
import { checkSorted, type SortedStretch } from './sorted-rows.ts';
import { difference } from './staged-difference.ts';
import type { VerificationReceipt, VerifiedFile } from './verified-file.ts';
import {
  type RowGroupThread,
  type RowGroupThreads,
  type RowGroupWork,
  stretchCount,
  verifyRowGroups,
} from './verify-row-groups.ts';

/** What {@link verifyStagedFile} is given. Sources are opened and closed by the caller. */
export interface Verification {
  /** The staged file, opened after it was closed: what is read here is what is published. */
  readonly staged: ByteSource;
  readonly stagedPath: string;
  /** The staged file's generation, as the store states it. */
  readonly ref: FileRef;
  /** In the order in which they were merged. */
  readonly inputs: readonly MergeInput[];
  /** compatible: the inputs may be of several schemas, brought together in the staged file. Absent: exact. */
  readonly schema?: 'exact' | 'compatible';
  readonly merged: MergeResult;
  /** What `digestSink` saw go to the staged file. */
  readonly written: BytesDigest;
  /** full: decode every value again and read a sample with second readers. counts: bytes, rows and schema only. */
  readonly level: 'full' | 'counts';
  /** What decoding it may take; where it is not said, what the engine takes by itself. */
  readonly memory?: MemoryLimits;
  /** Other threads that decode their share of the row groups. Absent: none. */
  readonly threads?: RowGroupThreads | undefined;
  /** Chooses where the sample is taken; the run id. */
  readonly sampleSeed: string;
  readonly log?: Logger;
}

/**
 * Proves that a staged file is what was written and holds exactly its inputs. In this order: length and SHA-256
 * against the bytes that were written, rows, schema and key-value metadata against the inputs' footers; then at
 * level full a decode of every value against what was read from the inputs, page index and statistics against the
 * values, and a sample by second readers.
 * @throws VerifyError at the first difference; nothing was changed then
 * @throws FormatError when the staged file does not decode; nothing was changed then
 * @throws StoreError when a source cannot be read
 */
export async function verifyStagedFile(verification: Verification): Promise<VerifiedFile> {
  const { staged, stagedPath, ref, inputs, merged, level, sampleSeed, log = silentLogger } = verification;
  // They decode while this one compares checksums; what they find counts only when that came out well.
  const threads = level === 'full' ? beginThreads(verification) : undefined;
  try {
    await checkBytes(verification);
    await checkMagic(staged);
    const footer = await readFooter(staged);
    checkFooter(
      footer,
      inputs.map((input) => input.footer),
      merged.rows,
      verification.schema,
    );
    const { rows, rowGroups } = footer;
    const facts = { rows, rowGroups: rowGroups.length, level, sha256: verification.written.sha256 };
    if (threads === undefined) return proven(stagedPath, ref, { ...facts, columns: [] });

    const found = await decoded(staged, footer, threads);
    const columns = checkColumns(staged.name, merged.columns, found.columns, merged.sorted === undefined);
    if (merged.sorted !== undefined) checkSorted(staged.name, merged.sorted, found.sorted);
    // Only now, as it brings the second readers along.
    const { readSample } = await import('./read-sample.ts');
    const sample = await readSample({ source: staged, footer }, inputs, sampleSeed, log, merged.sorted);
    const sorted =
      merged.sorted === undefined ? {} : { sorted: { by: merged.sorted.by, rowSum: merged.sorted.rowSum } };
    return proven(stagedPath, ref, { ...facts, columns, ...sorted, sample });
  } finally {
    await Promise.allSettled(threads?.others.map((thread) => thread.stop()) ?? []);
  }
}

interface DecodingThreads {
  readonly work: RowGroupWork;
  readonly others: readonly RowGroupThread[];
}

function beginThreads({ stagedPath, ref, memory, merged, threads }: Verification): DecodingThreads {
  const count = Math.max(1, Math.min(threads?.count ?? 1, merged.rowGroups));
  const stretches = stretchCount(merged.rowGroups, count);
  const next = new Int32Array(new SharedArrayBuffer(4));
  const sortedBy = merged.sorted === undefined ? {} : { sortedBy: merged.sorted.by };
  const work = { stagedPath, ref, memory, stretches, next, ...sortedBy };
  const others: RowGroupThread[] = [];
  while (threads !== undefined && others.length < count - 1) others.push(threads.begin(work));
  return { work, others };
}

/** What the row groups hold, all threads together. */
async function decoded(
  staged: ByteSource,
  footer: ParquetFooter,
  { work, others }: DecodingThreads,
): Promise<{ readonly columns: readonly ColumnFingerprint[]; readonly sorted: readonly SortedStretch[] }> {
  const found = [...(await verifyRowGroups(staged, footer, work))];
  for (const thread of others) {
    found.push(...(await thread.finish()));
    await thread.stop();
  }
  const inOrder = found.toSorted((a, b) => a.number - b.number);
  // Each once: two that are one would be rows that nobody looked at.
  if (inOrder.length !== work.stretches || inOrder.some(({ number }, i) => number !== i)) {
    throw new Error(`${inOrder.length} of ${work.stretches} stretches of row groups were decoded`);
  }
  const columns = joinFingerprints(
    footer.leaves,
    inOrder.map((stretch) => stretch.columns),
  );
  const sorted = inOrder.flatMap((stretch) => (stretch.sorted === undefined ? [] : [stretch.sorted]));
  return { columns, sorted };
}

async function checkBytes({ staged, ref, merged, written }: Verification): Promise<void> {
  for (const [what, sizeBytes] of [
    ['the merge wrote', merged.sizeBytes],
    ['the store states', ref.sizeBytes],
    ['it was opened with', staged.sizeBytes],
  ] as const) {
    if (sizeBytes !== written.sizeBytes) {
      throw difference({
        code: 'length',
        staged: staged.name,
        expected: `${written.sizeBytes} bytes, as many as were sent`,
        found: `${sizeBytes} bytes (${what} so many)`,
      });
    }
  }
  const stored = await digestOf(staged);
  if (stored.sha256 !== written.sha256) {
    throw difference({
      code: 'checksum',
      staged: staged.name,
      expected: `bytes with SHA-256 ${written.sha256}, as they were sent`,
      found: `${stored.sha256} when read back`,
    });
  }
}

// That at the end is what makes a footer; that at the start is asked for by some readers only.
async function checkMagic(staged: ByteSource): Promise<void> {
  const start = Buffer.from(await staged.read(0, Math.min(4, staged.sizeBytes)));
  if (start.toString('latin1') !== 'PAR1') {
    throw difference({
      code: 'magic',
      staged: staged.name,
      expected: 'PAR1 as its first four bytes',
      found: `0x${start.toString('hex')}`,
    });
  }
}

function proven(stagedPath: string, ref: FileRef, receipt: VerificationReceipt): VerifiedFile {
  // The brand exists in the type system only, and this is the one place that gives it.
  return { stagedPath, ref, receipt } as VerifiedFile;
}
