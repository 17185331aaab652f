import type { Placement } from '../store/store.ts';
import { columnPrefix, traitsOf } from './cohorts.ts';
import { countedSizeBytes, type DataFile, total } from './data-file.ts';
import { decide } from './decide.ts';
import { fileVerdicts } from './file-verdicts.ts';
import { groupFiles } from './grouping.ts';
import type { Bin, PartitionPlan } from './partition-plan.ts';
import type { PlanInput } from './plan-input.ts';
import type { PlanPolicy } from './policy.ts';
import { settledByListing } from './settled-by-listing.ts';

/**
 * Decides what is to be done with one partition: which files become which bins, and for every other entry why it
 * stays. Pure: the same input gives the same plan, in whatever order its lists come.
 */
export function planPartition(input: PlanInput, policy: PlanPolicy): PartitionPlan {
  const settled = settledByListing(input);
  if (settled !== undefined) return settled;

  const grouping = groupFiles(input.candidates, policy, input.listing.storeNowMs);
  const decision = decide(input, grouping, policy);
  return {
    date: input.listing.date,
    partitionPath: input.listing.partitionPath,
    ...decision,
    bins: decision.decision === 'consolidate' ? grouping.bins.flatMap(describeBin) : [],
    ...(policy.sizing === undefined ? {} : { sizing: policy.sizing }),
    files: fileVerdicts(input, grouping, decision, policy),
  };
}

/** That of the files, which share all but the block size; CONCAT takes no source of larger blocks than its target. */
function placementOf(files: readonly DataFile[]): { placement?: Placement } {
  const placement = files[0]?.placement;
  if (placement === undefined) return {};
  const blockSizes = files.map((file) => file.placement?.blockSizeBytes ?? 0);
  const blockSizeBytes = blockSizes.reduce((largest, size) => Math.max(largest, size));
  return { placement: { ...placement, blockSizeBytes } };
}

/** Most columns that a bin names. */
const columnsNamed = 20;

function evolutionOf(files: readonly DataFile[]): Pick<Bin, 'evolution'> {
  const schemas = new Map(files.map((file) => [file.footer.schemaKey, traitsOf(file)]));
  if (schemas.size < 2) return {};
  const counts = new Map<string, number>();
  for (const traits of schemas.values()) {
    for (const thing of Object.keys(traits)) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  }
  const columnsAdded = [...counts]
    .filter(([thing, count]) => count < schemas.size && thing.startsWith(columnPrefix))
    .map(([thing]) => thing.slice(columnPrefix.length))
    .sort()
    .slice(0, columnsNamed);
  return { evolution: { schemas: schemas.size, columnsAdded } };
}

function describeBin(files: readonly DataFile[], index: number): Bin[] {
  const first = files[0];
  if (first === undefined) return [];
  return [
    {
      index,
      inputs: files.map(({ name, fileId, sizeBytes, modifiedAtMs }) => ({
        name,
        fileId,
        sizeBytes,
        modifiedAtMs,
      })),
      schemaKey: first.footer.schemaKey,
      ...evolutionOf(files),
      attributes: { owner: first.owner, group: first.group, mode: first.mode, acl: first.acl },
      ...placementOf(files),
      rows: total(files, (file) => file.footer.rows),
      sizeBytes: total(files, (file) => file.sizeBytes),
      inputSizeBytes: total(files, countedSizeBytes),
    },
  ];
}
