import type { Settings } from '../config/settings.ts';
import type { SizingDecision } from '../plan/choose-size.ts';
import type { DatasetTask } from './partition-task.ts';

/** One choice for a dataset in a run, however many partitions ask for it; by the settings they share. */
const chosen = new WeakMap<Settings, Promise<SizingDecision>>();

/**
 * The task with the sizes that it is to be done with: as they are set, or, where they are to be chosen, as {@link chooseSize} says of the
 * dataset. The first to ask looks at the dataset; all tasks of the same settings get the same choice.
 * @throws ConfigError, StoreError as `sizingFacts`
 */
export async function sizedTask<
  T extends Pick<DatasetTask, 'store' | 'basePath' | 'layout' | 'settings' | 'today' | 'stop' | 'sizing'>,
>(task: T): Promise<T> {
  const { settings } = task;
  if (settings.consolidation.isSizeChosen !== true || task.sizing !== undefined) return task;
  const known = chosen.get(settings);
  const choice = known ?? chosenSize(task);
  if (known === undefined) {
    chosen.set(settings, choice);
    // A store that does not answer now may answer the next partition.
    choice.catch(() => chosen.delete(settings));
  }
  const sizing = await choice;
  const { targetSizeBytes, rowGroupRows } = sizing;
  return {
    ...task,
    sizing,
    settings: {
      ...settings,
      consolidation: { ...settings.consolidation, targetSizeBytes },
      compression: { ...settings.compression, rowGroupRows },
    },
  };
}

/** What {@link sizedTask} would choose, whatever is set. @throws as that does */
export async function chosenSize(
  task: Pick<DatasetTask, 'store' | 'basePath' | 'layout' | 'settings' | 'today' | 'stop'>,
): Promise<SizingDecision> {
  // Loaded when it is asked for: most runs go by a size that is set.
  const [{ chooseSize }, { sizingFacts }] = await Promise.all([
    import('../plan/choose-size.ts'),
    import('./sizing-facts.ts'),
  ]);
  return chooseSize(await sizingFacts(task));
}
