import { isTrialName, workspacePath } from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import { deleteDirectorySurely } from '../sure-steps.ts';

/** A trial takes seconds; one that has not changed for so long has died. */
const deadAfterMs = 10 * 60_000;

/**
 * Deletes what trials left behind that died; resolves to the full paths of their directories.
 * @param dryRun only says which ones
 */
export async function clearTrials(
  store: Store,
  basePath: string,
  dryRun = false,
): Promise<readonly string[]> {
  const entries = (await store.list(workspacePath(basePath))) ?? [];
  const trials = entries.filter(({ kind, name }) => kind === 'directory' && isTrialName(name));
  if (trials.length === 0) return [];
  const nowMs = await store.nowMs();
  const dead = trials.filter(({ modifiedAtMs }) => nowMs - modifiedAtMs > deadAfterMs);
  for (const { path } of dead) if (!dryRun) await deleteDirectorySurely(store, path);
  return dead.map(({ path }) => path);
}
