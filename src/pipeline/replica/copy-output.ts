import { createHash } from 'node:crypto';
import { SwapError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { FileRef, Store } from '../../store/store.ts';
import { refOf } from '../../store/store.ts';
import { deleteFileSurely } from '../../swap/sure-steps.ts';
import { stageFile } from '../stage-file.ts';
import type { VerifiedOutput } from './replica-plan.ts';

/** Bytes of a copy that are in memory at a time. */
const pieceBytes = 4 * 1024 * 1024;

/** From where to where one file is copied. */
export interface CopyRequest {
  readonly from: Store;
  readonly to: Store;
  readonly output: VerifiedOutput;
  /** Full path at the replica; nobody else uses the name. */
  readonly stagedPath: string;
  /** Aborted, with the error to end with as its reason, when the copy should break off. */
  readonly stop: AbortSignal;
}

/** A file at the replica, read back and found to have the bytes that were verified when it was made. */
export interface CopiedFile {
  readonly ref: FileRef;
  /** Bytes that went over; 0 where an earlier, interrupted copy had left the file complete. */
  readonly sentBytes: number;
}

/**
 * Copies a merged file to where it is staged at the replica, and reads it back whole. Both the bytes that are read here and those
 * that are read there must have the SHA-256 of the verification.
 * @throws SwapError `primary-differs`, `replica-differs`; StoreError
 */
export async function copyOutput({ from, to, output, stagedPath, stop }: CopyRequest): Promise<CopiedFile> {
  const { file } = output;
  const { sha256 } = output.proof;
  const left = await to.stat(stagedPath);
  if (left !== undefined) {
    if (left.sizeBytes === file.sizeBytes && (await sha256Of(to, left, stop)) === sha256) {
      return { ref: refOf(left), sentBytes: 0 };
    }
    await deleteFileSurely(to, stagedPath);
  }
  // How many copies another cluster keeps, and on what, is its own affair: so no placement.
  const staged = await stageFile(to, stagedPath, undefined, async (sink) => {
    const hash = createHash('sha256');
    await eachPiece(from, file, stop, async (piece) => {
      hash.update(piece);
      await sink.write(piece);
    });
    const found = hash.digest('hex');
    if (found !== sha256) throw differs('primary-differs', `${from.uri}${file.path}`, sha256, found);
  });
  const found = await sha256Of(to, { ...staged.ref, path: stagedPath }, stop);
  if (found !== sha256) {
    await deleteFileSurely(to, stagedPath);
    throw differs('replica-differs', `${to.uri}${stagedPath}`, sha256, found);
  }
  return { ref: staged.ref, sentBytes: file.sizeBytes };
}

/** SHA-256 of a file, read whole, as 64 hex digits. */
export async function sha256Of(
  store: Store,
  file: FileRef & { readonly path: string },
  stop: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  await eachPiece(store, file, stop, async (piece) => {
    hash.update(piece);
  });
  return hash.digest('hex');
}

async function eachPiece(
  store: Store,
  file: FileRef & { readonly path: string },
  stop: AbortSignal,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const source = await store.open(file.path, file);
  try {
    for (let done = 0; done < file.sizeBytes; done += pieceBytes) {
      stop.throwIfAborted();
      await take(await source.read(done, Math.min(pieceBytes, file.sizeBytes - done)));
    }
  } finally {
    await source.close();
  }
}

function differs(code: string, path: string, expected: string, found: string): SwapError {
  const isPrimary = code === 'primary-differs';
  return new SwapError(
    `${path} does not have the bytes that were verified: expected SHA-256 ${expected}, found ${found}`,
    {
      code,
      exitCode: exitCodes.verificationFailed,
      dataState: isPrimary
        ? 'nothing was changed; the file in the partition is damaged, or somebody overwrote it'
        : 'the partition itself is not concerned; the damaged copy is deleted',
      hint: isPrimary
        ? 'compare it with the backup of its run, and look for the disk or person that changed it'
        : 'the next run copies it again; if it happens again, look at the disks of the replica',
    },
  );
}
