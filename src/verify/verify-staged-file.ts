import type { ByteSource } from '../core/byte-source.ts';
import { type Logger, silentLogger } from '../core/log.ts';
import { readFooter } from '../parquet/footer.ts';
import type { MemoryLimits } from '../parquet/memory-limits.ts';
import type { MergeInput, MergeResult } from '../parquet/merge/merge-request.ts';
import { fingerprintFile } from '../parquet/read/fingerprint-file.ts';
import { pageIndexSource, readPageIndexes } from '../parquet/read/page-indexes.ts';
import type { FileRef } from '../store/store.ts';
import { checkBloomFilters } from './check-bloom-filters.ts';
import { checkColumns } from './check-columns.ts';
import { checkFooter } from './check-footer.ts';
import { checkPageIndexes } from './check-page-index.ts';
import { checkStatistics } from './check-statistics.ts';
import { type BytesDigest, digestOf } from './digest-sink.ts';
import { readSample } from './read-sample.ts';
import { difference } from './staged-difference.ts';
import type { VerificationReceipt, VerifiedFile } from './verified-file.ts';

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
  await checkBytes(verification);
  await checkMagic(staged);
  const footer = await readFooter(staged);
  checkFooter(
    footer,
    inputs.map((input) => input.footer),
    merged.rows,
    verification.schema,
  );
  const facts = {
    rows: footer.rows,
    rowGroups: footer.rowGroups.length,
    level,
    sha256: verification.written.sha256,
  };
  if (level === 'counts') return proven(stagedPath, ref, { ...facts, columns: [] });

  const indexes = await pageIndexSource(staged, footer);
  const found = await fingerprintFile(staged, footer, verification.memory, async (rowGroup, pages) => {
    checkPageIndexes(footer, rowGroup, pages, await readPageIndexes(indexes, footer, rowGroup));
  });
  const columns = checkColumns(staged.name, merged.columns, found.columns);
  checkStatistics(footer, found);
  await checkBloomFilters(staged, footer, verification.memory);
  const sample = await readSample({ source: staged, footer }, inputs, sampleSeed, log);
  return proven(stagedPath, ref, { ...facts, columns, sample });
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
