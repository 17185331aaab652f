import { workspacePath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import type { Quota } from '../store/survey.ts';

/**
 * The quotas that a run on a partition has to keep to: those of the workspace, where everything is made, and of what lies
 * above it; and the partition's own. None where the store has no quotas.
 */
export async function quotasFor(
  { survey }: Store,
  basePath: string,
  partitionPath: string,
): Promise<readonly Quota[]> {
  if (survey === undefined) return [];
  const { quotas } = await survey.quotas(workspacePath(basePath));
  const own = await survey.quotas(partitionPath);
  return [...quotas, ...own.quotas.filter(({ path }) => path === partitionPath)];
}
