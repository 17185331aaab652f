import { StoreError, SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { numberAt, parsedJson, textAt } from '../core/json-fields.ts';
import { ownerPath } from '../partition/names.ts';
import type { FileStatus, Store } from '../store/store.ts';
import { hasEnded, type ProcessIdentity } from './process-identity.ts';

/** A living holder touches its lock this often. */
export const heartbeatMs = 60_000;

/** A lock without a sign of life for this long, by the store's clock, is dead. */
export const deadAfterMs = 600_000;

/** Content of the owner file in a lock directory. */
export interface LockOwner extends ProcessIdentity {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** What is known of a lock that exists. */
export interface LockState {
  /** fileId of the owner file; undefined when the lock directory holds none. */
  readonly fileId: string | undefined;
  readonly owner: LockOwner | undefined;
  /** Time since the last sign of life. */
  readonly ageMs: number;
  readonly alive: boolean;
}

/**
 * Looks at the lock at `lockDirectory`; undefined when nobody holds it.
 * @throws SwapError `lock-in-the-way` when that is no directory
 */
export async function lookAtLock(store: Store, lockDirectory: string): Promise<LockState | undefined> {
  const status = await store.stat(ownerPath(lockDirectory));
  if (status === undefined) {
    const directory = await store.stat(lockDirectory);
    if (directory === undefined) return undefined;
    if (directory.kind !== 'directory') throw inTheWay(lockDirectory);
    // A lock comes into being complete, by one rename: without an owner it is a remnant.
    const ageMs = (await store.nowMs()) - directory.modifiedAtMs;
    return { fileId: undefined, owner: undefined, ageMs, alive: false };
  }
  const text = await readPinned(store, status);
  // It was touched, or changed hands, while it was looked at: in both cases somebody lives.
  if (text === undefined) return { fileId: status.fileId, owner: undefined, ageMs: 0, alive: true };
  const owner = parseOwner(text);
  const ageMs = (await store.nowMs()) - status.modifiedAtMs;
  const alive = ageMs < deadAfterMs && !(owner !== undefined && hasEnded(owner));
  return { fileId: status.fileId, owner, ageMs, alive };
}

function inTheWay(path: string): SwapError {
  return new SwapError(
    `cannot look whether a run is at work: ${path} is no directory, so it is no lock of this program`,
    {
      code: 'lock-in-the-way',
      exitCode: exitCodes.usage,
      dataState: 'nothing was touched',
      hint: `see what it is, move it away, then run again`,
    },
  );
}

/** The text of exactly this generation of a file, so that owner and fileId belong together. */
async function readPinned(store: Store, status: FileStatus): Promise<string | undefined> {
  try {
    const source = await store.open(status.path, status);
    try {
      return new TextDecoder().decode(await source.read(0, source.sizeBytes));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof StoreError && (error.code === 'not-found' || error.code === 'changed'))
      return undefined;
    throw error;
  }
}

/** The owner in the text of an owner file; undefined when it is not one, then only its age counts. */
function parseOwner(text: string): LockOwner | undefined {
  const parsed = parsedJson(text);
  const runId = textAt(parsed, 'runId');
  const host = textAt(parsed, 'host');
  const startedAt = textAt(parsed, 'startedAt');
  const pid = numberAt(parsed, 'pid');
  if (runId === undefined || host === undefined || startedAt === undefined || pid === undefined) {
    return undefined;
  }
  const bootId = textAt(parsed, 'bootId');
  const pidNamespace = textAt(parsed, 'pidNamespace');
  const startTicks = textAt(parsed, 'startTicks');
  return {
    runId,
    host,
    pid,
    startedAt,
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(startTicks === undefined ? {} : { startTicks }),
  };
}
