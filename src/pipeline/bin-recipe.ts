import type { Settings } from '../config/settings.ts';
import { join } from '../partition/names.ts';
import type { Bin, PartitionPlan } from '../plan/partition-plan.ts';
import type { InputFile } from './open-inputs.ts';
import type { PartitionTask } from './partition-task.ts';
import type { MergeRecipe } from './write-merged.ts';

/** How run `runId` merges a bin, wherever that is done. */
export function recipeOf(
  task: Pick<PartitionTask, 'settings' | 'toolVersion'>,
  runId: string,
  bin: Bin,
): MergeRecipe {
  const { compression, consolidation } = task.settings;
  return {
    schema: consolidation.schema,
    compression,
    memoryBytes: consolidation.memoryBytes,
    stamp: { inputSizeBytes: bin.inputSizeBytes, inputFiles: bin.inputs.length, runId },
    createdBy: createdBy(task),
    placement: bin.placement,
    ...sortOf(consolidation),
  };
}

/** How rows are sorted, if they are. */
export function sortOf({ sortBy, tempDirectory }: Settings['consolidation']): Pick<MergeRecipe, 'sort'> {
  return sortBy === undefined ? {} : { sort: { by: sortBy, tempDirectory } };
}

/** What files say about the program that made them. */
export function createdBy({ toolVersion }: Pick<PartitionTask, 'toolVersion'>): string {
  return `parquet-consolidator version ${toolVersion}`;
}

/** The files of a bin, in the order in which they are merged. */
export function inputFilesOf(plan: PartitionPlan, bin: Bin): readonly InputFile[] {
  return bin.inputs.map((ref) => ({ path: join(plan.partitionPath, ref.name), ref }));
}
