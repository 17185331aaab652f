import { join, tailName } from '../partition/names.ts';
import type { Bin } from '../plan/partition-plan.ts';
import { encodeQueryValue } from '../store/encode-query-value.ts';

/**
 * How many of a bin's inputs each CONCAT takes, so that the paths of its sources, the tail's among them, stay within
 * `maxPathBytes`, counted as the store's ability `concatPathBytes` says. At least one each.
 */
export function foldSteps(
  partitionPath: string,
  bin: Pick<Bin, 'index' | 'inputs'>,
  runId: string,
  maxPathBytes: number,
): readonly number[] {
  const weightOf = (name: string): number => encodeQueryValue(join(partitionPath, name)).length + 1;
  // The number of a step has fewer digits than that of the inputs.
  const tailBytes = weightOf(tailName(runId, bin.index, bin.inputs.length));
  const steps: number[] = [];
  let inputs = 0;
  let pathBytes = tailBytes;
  for (const { name } of bin.inputs) {
    const weight = weightOf(name);
    if (inputs > 0 && pathBytes + weight > maxPathBytes) {
      steps.push(inputs);
      inputs = 0;
      pathBytes = tailBytes;
    }
    inputs++;
    pathBytes += weight;
  }
  return [...steps, inputs];
}
