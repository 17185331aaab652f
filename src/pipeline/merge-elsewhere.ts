import { StoreError } from '../core/errors.ts';
import { attemptsDirectory, join, parseAttemptName } from '../partition/names.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { Store } from '../store/store.ts';
import { renameSurely } from '../swap/sure-steps.ts';
import { difference } from '../verify/staged-difference.ts';
import type { MergedElsewhere } from './bin-executor.ts';
import { inputFilesOf, recipeOf } from './bin-recipe.ts';
import type { PartitionAtWork } from './partition-task.ts';
import type { MergeRecipe, WrittenFile } from './write-merged.ts';

/**
 * Waits until a bin is merged, gives its file the name `path`, and tells what is said to be in it.
 * @throws what the executor throws; StoreError when the file is not there
 */
export type TakeMerged = (path: string) => Promise<WrittenFile>;

/**
 * Begins to have every bin of a plan merged by the executor, where there is one and something is to be merged.
 * @param staging the run, and the full path of its directory
 * @param isOver aborted when nobody waits for what is still under way
 * @returns by the index of the bin
 */
export function mergeElsewhere(
  task: PartitionAtWork,
  staging: { readonly runId: string; readonly runDirectory: string },
  plan: PartitionPlan,
  isOver: AbortSignal,
): ReadonlyMap<number, TakeMerged> {
  const { executor, store } = task;
  const merging = new Map<number, TakeMerged>();
  if (executor === undefined || task.settings.consolidation.mode === 'fold') return merging;
  const directory = attemptsDirectory(staging.runDirectory);
  const stop = AbortSignal.any([task.stop, isOver]);
  for (const bin of plan.bins) {
    const recipe = recipeOf(task, staging.runId, bin);
    const begun = executor.merge(
      {
        id: `${staging.runId}-${bin.index}`,
        binIndex: bin.index,
        attemptsDirectory: directory,
        inputs: inputFilesOf(plan, bin),
        recipe,
      },
      stop,
    );
    // Seen to when the bin's turn comes.
    begun.catch(() => {});
    merging.set(bin.index, async (path) => {
      const merged = await begun;
      checkOrder(recipe, merged, path);
      return takeAttempt(store, directory, bin.index, merged, path);
    });
  }
  return merging;
}

/** By what an executor says of the order of the rows they are compared: it must be the one that was asked for. */
function checkOrder(
  { sort }: MergeRecipe,
  { merged: { rows, sorted } }: MergedElsewhere,
  path: string,
): void {
  const asked = JSON.stringify(sort?.by ?? []);
  const said = JSON.stringify(sorted?.by ?? []);
  const isSampled = sorted === undefined || rows === 0 || sorted.sample.length > 0;
  if ((sort === undefined) === (sorted === undefined) && asked === said && isSampled) return;
  throw difference({
    code: 'row-order',
    staged: path,
    expected: `rows in the order ${asked}, and some of them named`,
    found: `${said}, as the executor says`,
  });
}

/** From here on the file has a name that no executor knows, and lies where none of them writes. */
async function takeAttempt(
  store: Store,
  directory: string,
  binIndex: number,
  { attempt, ...output }: MergedElsewhere,
  stagedPath: string,
): Promise<WrittenFile> {
  const path = join(directory, attempt);
  const found = parseAttemptName(attempt) === binIndex ? await store.stat(path) : undefined;
  if (found?.kind !== 'file') {
    throw new StoreError(
      `cannot take bin ${binIndex} from the executor that merged it: it names ${JSON.stringify(attempt)}, and ` +
        `${directory} has no such file`,
      { code: 'attempt-missing', op: 'stat', path, dataState: 'the originals are untouched' },
    );
  }
  await renameSurely(store, path, stagedPath, found.fileId);
  return output;
}
