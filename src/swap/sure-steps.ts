import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../core/errors.ts';
import { stagedName } from '../partition/names.ts';
import type { FileAttributes, FileStatus, Store } from '../store/store.ts';

/**
 * Mutations whose reply may get lost. A lost reply is no failure and no success: these look at what is there (by
 * fileId, which renames keep) and only then decide. Nothing is repeated blindly, nothing more than `maxTries` times.
 */
export const maxTries = 5;

/** Waits before something is tried again whose answer was lost `attempt` times: 50 ms, and three times as long each time. */
export async function pauseBefore(attempt: number): Promise<void> {
  await sleep(50 * 3 ** (attempt - 1));
}

/**
 * Renames the file or directory `fileId`. Also succeeds when it finds the rename done already, and finishes one that
 * a crash left half done on a store that renames by link (both names, one file).
 * @throws StoreError `exists` when something else has the destination's name, `not-found` when the source is gone
 */
export async function renameSurely(store: Store, from: string, to: string, fileId: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await store.rename(from, to);
      return;
    } catch (error) {
      if (!isWorthALook(error)) throw error;
      const destination = await store.stat(to);
      if (destination?.fileId === fileId) {
        if (destination.kind === 'file' && (await store.stat(from))?.fileId === fileId) {
          await deleteFileSurely(store, from);
        }
        return;
      }
      if (!error.outcomeUnknown || attempt === maxTries) throw error;
      await pauseBefore(attempt);
    }
  }
}

/**
 * Gives the file `fileId` at `from` the second name `to`; also succeeds when it has that name already.
 * @throws StoreError `exists` when something else has the name, `not-found` when the source is gone
 */
export async function hardLinkSurely(store: Store, from: string, to: string, fileId: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await store.hardLink(from, to);
      return;
    } catch (error) {
      if (!isWorthALook(error)) throw error;
      if ((await store.stat(to))?.fileId === fileId) return;
      if (!error.outcomeUnknown || attempt === maxTries) throw error;
      await pauseBefore(attempt);
    }
  }
}

/**
 * Renames the file `fileId` over the file `replacedId` at `to`; also succeeds when it finds that done already.
 * @throws StoreError `not-found` when the source is gone, `changed` when another file has the name `to`
 */
export async function replaceSurely(
  store: Store,
  from: string,
  to: string,
  fileId: string,
  replacedId: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await store.replaceFile(from, to, replacedId);
      return;
    } catch (error) {
      if (!isWorthALook(error)) throw error;
      if ((await store.stat(to))?.fileId === fileId) return;
      if (!error.outcomeUnknown || attempt === maxTries) throw error;
      await pauseBefore(attempt);
    }
  }
}

/**
 * Writes a file of ours, of these pieces one after the other, whose name nobody else uses: whatever an earlier attempt left there is
 * replaced.
 */
export async function writeSurely(
  store: Store,
  path: string,
  ...pieces: readonly Uint8Array[]
): Promise<void> {
  await createSurely(store, path, async () => {
    const sink = await store.create(path);
    try {
      for (const piece of pieces) await sink.write(piece);
      await sink.close();
    } catch (error) {
      await sink.abort();
      throw error;
    }
  });
}

/** Bytes of a copy that are in memory at a time. */
const copyBytes = 4 * 1024 * 1024;

/** Copies the file `from`, at the generation it has in this status, to a name of ours that nobody else uses. */
export async function copySurely(store: Store, from: FileStatus, to: string): Promise<void> {
  await createSurely(store, to, async () => {
    const source = await store.open(from.path, from);
    try {
      const sink = await store.create(to, from.placement);
      try {
        for (let done = 0; done < from.sizeBytes; done += copyBytes) {
          await sink.write(await source.read(done, Math.min(copyBytes, from.sizeBytes - done)));
        }
        await sink.close();
      } catch (error) {
        await sink.abort();
        throw error;
      }
    } finally {
      await source.close();
    }
  });
}

/**
 * Writes a file of ours, whose name nobody else uses and that nothing refers to yet. When it is not known what became of
 * it, or the store holds other bytes than it was sent, what lies there is deleted and it is written anew.
 * @param write creates it and writes it from its first byte on; called again when need be
 */
export async function createSurely<T>(
  store: Pick<Store, 'deleteFile'>,
  path: string,
  write: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!isWrittenAnew(error, path) || attempt === maxTries) throw error;
      await pauseBefore(attempt);
      await deleteFileSurely(store, path);
    }
  }
}

function isWrittenAnew(error: unknown, path: string): boolean {
  if (!(error instanceof StoreError) || error.path !== path) return false;
  return error.outcomeUnknown || error.code === 'exists' || error.code === 'upload-damaged';
}

/**
 * Writes `content`, a text or pieces of one as UTF-8, to `staged`, a path in the run's own directory, and renames it into
 * place, so that `path` is complete whenever it exists and what a crash leaves behind is found.
 * @throws StoreError `exists` when `path` is taken
 */
export async function writeInPlace(
  store: Store,
  path: string,
  content: string | readonly Uint8Array[],
  staged = stagedName(path),
): Promise<void> {
  const pieces = typeof content === 'string' ? [new TextEncoder().encode(content)] : content;
  await writeSurely(store, staged, ...pieces);
  const status = await store.stat(staged);
  if (status === undefined) {
    throw new StoreError(`cannot write ${path}: ${staged} is gone right after it was written`, {
      code: 'not-found',
      op: 'create',
      path: staged,
    });
  }
  await renameSurely(store, staged, path, status.fileId);
}

/**
 * The text of the file at `path`; undefined when there is none. Bytes that are no text become U+FFFD: what reads a record finds it
 * damaged then.
 */
export async function readText(store: Store, path: string): Promise<string | undefined> {
  const status = await store.stat(path);
  if (status === undefined) return undefined;
  try {
    const source = await store.open(path, status);
    try {
      return new TextDecoder().decode(await source.read(0, source.sizeBytes));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof StoreError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Deletes one file of ours; none there is fine. Deleting twice is harmless as nobody else uses the name. */
export async function deleteFileSurely(store: Pick<Store, 'deleteFile'>, path: string): Promise<void> {
  await repeatSurely(() => store.deleteFile(path));
}

/** Deletes a directory of ours and all below; none there is fine. */
export async function deleteDirectorySurely(store: Store, path: string): Promise<void> {
  await repeatSurely(() => store.deleteDirectory(path));
}

/** Removes a directory when it is empty; resolves to whether it is gone. */
export async function removeEmptySurely(store: Store, path: string): Promise<boolean> {
  const entries = await store.list(path);
  if (entries === undefined || entries.length > 0) return entries === undefined;
  await repeatSurely(() => store.removeEmptyDirectory(path));
  return (await store.stat(path)) === undefined;
}

/** Makes a directory of ours; one there is fine. */
export async function makeDirectorySurely(store: Store, path: string, mode: number): Promise<void> {
  await repeatSurely(() => store.makeDirectory(path, mode));
}

/** Sets attributes; setting the same ones twice is harmless. */
export async function setAttributesSurely(
  store: Store,
  path: string,
  attributes: FileAttributes,
): Promise<void> {
  await repeatSurely(() => store.setAttributes(path, attributes));
}

/** For mutations that lead to the same state however often they are done. */
async function repeatSurely(mutation: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await mutation();
      return;
    } catch (error) {
      if (!(error instanceof StoreError) || !error.outcomeUnknown || attempt === maxTries) throw error;
      await pauseBefore(attempt);
    }
  }
}

function isWorthALook(error: unknown): error is StoreError {
  return (
    error instanceof StoreError &&
    (error.outcomeUnknown ||
      error.code === 'exists' ||
      error.code === 'not-found' ||
      error.code === 'changed')
  );
}
