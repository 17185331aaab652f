import { parsedJson, textAt } from '../../core/json-fields.ts';
import type { Logger } from '../../core/log.ts';
import {
  join,
  parsePendingCopyName,
  pendingCopyPath,
  replicasDirectory,
  stagedName,
} from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import { deleteFileSurely, makeDirectorySurely, readText, writeInPlace } from '../../swap/sure-steps.ts';
import { workspaceMode } from '../../swap/workspace.ts';

/** A run whose outputs are still to be copied, as far as is known. Written before its swap, so that no crash forgets it. */
export interface PendingCopy {
  readonly runId: string;
  /** The partition. */
  readonly date: string;
  /** The replica, as the operator named it. */
  readonly replica: string;
}

/** Notes that what this run is about to swap must be copied. `runDirectory` is the run's own. */
export async function notePendingCopy(
  store: Store,
  basePath: string,
  runDirectory: string,
  pending: PendingCopy,
): Promise<void> {
  await makeDirectorySurely(store, replicasDirectory(basePath), workspaceMode);
  const path = pendingCopyPath(basePath, pending.runId);
  const text = `${JSON.stringify(pending)}\n`;
  await writeInPlace(store, path, text, join(runDirectory, stagedName('pending-copy')));
}

/** What is still to be copied, in the order of the runs. One that cannot be read is told of and passed over. */
export async function pendingCopies(
  store: Store,
  basePath: string,
  log: Logger,
): Promise<readonly PendingCopy[]> {
  const found: PendingCopy[] = [];
  for (const { name, path } of (await store.list(replicasDirectory(basePath))) ?? []) {
    const runId = parsePendingCopyName(name);
    const text = runId === undefined ? undefined : await readText(store, path);
    if (runId === undefined || text === undefined) continue;
    const pending = parsePending(text, runId);
    if (pending === undefined)
      log.warn(`${path} cannot be read; what that run merged may be missing at the replica`);
    else found.push(pending);
  }
  return found;
}

/** Strikes what was copied off the list. Their directory stays: another run may be about to note something in it. */
export async function clearPendingCopies(
  store: Store,
  basePath: string,
  copied: readonly PendingCopy[],
): Promise<void> {
  for (const { runId } of copied) await deleteFileSurely(store, pendingCopyPath(basePath, runId));
}

function parsePending(text: string, runId: string): PendingCopy | undefined {
  const parsed = parsedJson(text);
  const date = textAt(parsed, 'date');
  const replica = textAt(parsed, 'replica');
  return date === undefined || replica === undefined ? undefined : { runId, date, replica };
}
