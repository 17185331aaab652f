import type { SchemaMode } from '../config/settings.ts';
import type { ByteSource } from '../core/byte-source.ts';
import { FormatError, StoreError, VerifyError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { bytesPerMb } from '../core/units.ts';
import { defaultMemoryBytes, defaultMemoryLimits, memoryLimitsFor } from '../parquet/memory-limits.ts';
import type { MergeInput } from '../parquet/merge/merge-request.ts';
import { readAheadSource } from '../store/read-ahead-source.ts';
import { type FileRef, refOf, type Store } from '../store/store.ts';
import type { VerifiedFile } from '../verify/verified-file.ts';
import type { RowGroupThreads } from '../verify/verify-row-groups.ts';
import { verifyStagedFile } from '../verify/verify-staged-file.ts';
import type { WrittenFile } from './write-merged.ts';

/** The file is gone through twice, from front to back; over a network in few large pieces, and once if it is small enough. */
const readAhead = { windowBytes: 8 * bytesPerMb, windowsAhead: 2, keepBytes: 64 * bytesPerMb };

/** Kept of one that is larger, which is read twice anyway. */
const keptOfLargeBytes = 32 * bytesPerMb;

/** A file that was just written, and what it was made of. */
export interface VerifyMerged {
  readonly store: Pick<Store, 'abilities' | 'open' | 'stat'>;
  /** Full path of the file. */
  readonly path: string;
  /** Still open, in the order in which they were merged. */
  readonly inputs: readonly MergeInput[];
  /** Which schemas they may have. */
  readonly schema: SchemaMode;
  readonly output: WrittenFile;
  /** What the process may take; undefined: what the engine takes by itself. */
  readonly memoryBytes: number | undefined;
  /** Threads that share the work; undefined: this one does it all. */
  readonly threads?: RowGroupThreads | undefined;
  /** full: every value is decoded again. counts: bytes, rows and schema only. */
  readonly level: 'full' | 'counts';
  /** Chooses where the second readers look. */
  readonly sampleSeed: string;
  readonly log: Logger;
  /** Told how many bytes of the file were read so far, and about how many it will be. */
  readonly onBytes: (done: number, total: number) => void;
}

/**
 * Reads a merged file back from the store and proves that it holds exactly its inputs.
 * @throws VerifyError when it does not, or cannot be read as Parquet; StoreError when the store fails
 */
export async function verifyMerged(args: VerifyMerged): Promise<VerifiedFile> {
  const { store, path, inputs, output, level, sampleSeed, log } = args;
  const status = await store.stat(path);
  if (status === undefined) {
    throw new StoreError(`cannot verify ${path}: it is gone right after it was written`, {
      code: 'not-found',
      op: 'stat',
      path,
    });
  }
  const ref = refOf(status);
  // Once for its checksum, and once more to decode it.
  const passes = level === 'full' ? 2 : 1;
  const staged = watchedSource(await openStaged(args, ref), passes, args.onBytes);
  try {
    return await verifyStagedFile({
      staged,
      stagedPath: path,
      ref,
      inputs,
      schema: args.schema,
      ...output,
      memory: args.memoryBytes === undefined ? defaultMemoryLimits : memoryLimitsFor(args.memoryBytes),
      level,
      threads: args.threads,
      sampleSeed,
      log,
    });
  } catch (error) {
    // A bad input is the operator's matter, a bad output is ours: they end with different exit codes.
    if (error instanceof FormatError && error.place.file === staged.name)
      throw unreadable(staged.name, error);
    throw error;
  } finally {
    await staged.close();
  }
}

async function openStaged({ store, path, memoryBytes }: VerifyMerged, ref: FileRef): Promise<ByteSource> {
  const source = await store.open(path, ref);
  if (store.abilities.remote !== true) return source;
  const isKept =
    source.sizeBytes <= readAhead.keepBytes && (memoryBytes ?? defaultMemoryBytes) >= defaultMemoryBytes;
  const keepBytes = isKept ? readAhead.keepBytes : keptOfLargeBytes;
  return readAheadSource(source, { ...readAhead, keepBytes, memoryBytes });
}

function watchedSource(source: ByteSource, passes: number, onBytes: VerifyMerged['onBytes']): ByteSource {
  const total = passes * source.sizeBytes;
  const { readNow } = source;
  let done = 0;
  const tell = (lengthBytes: number): void => {
    done = Math.min(total, done + lengthBytes);
    onBytes(done, total);
  };
  tell(0);
  return {
    name: source.name,
    sizeBytes: source.sizeBytes,
    read: async (offsetBytes, lengthBytes) => {
      const bytes = await source.read(offsetBytes, lengthBytes);
      tell(lengthBytes);
      return bytes;
    },
    ...(readNow === undefined
      ? {}
      : {
          readNow: (offsetBytes: number, target: Uint8Array) => {
            readNow(offsetBytes, target);
            tell(target.length);
          },
        }),
    close: () => source.close(),
  };
}

function unreadable(path: string, cause: FormatError): VerifyError {
  return new VerifyError(`verified ${path}: what was written cannot be read back: ${cause.message}`, {
    code: 'staged-unreadable',
    dataState: 'the originals are untouched',
    hint: 'Run it again; if it happens again, report it together with the input files.',
    cause,
  });
}
