import { workspacePath } from '../partition/names.ts';
import type { Placement, Store } from '../store/store.ts';
import type { Quota } from '../store/survey.ts';

/** What a run on a partition has to keep to. */
export interface RunQuotas {
  readonly quotas: readonly Quota[];
  /** How the run's own small files are kept (lock, journal, receipt). */
  readonly ownFiles?: Placement;
}

/**
 * The quotas of the workspace, where everything is made, and of what lies above it; and the partition's own. None where the store has no
 * quotas.
 */
export async function quotasFor(
  { survey }: Store,
  basePath: string,
  partitionPath: string,
): Promise<RunQuotas> {
  if (survey === undefined) return { quotas: [] };
  const { quotas } = await survey.quotas(workspacePath(basePath));
  const own = await survey.quotas(partitionPath);
  const whole = [...quotas, ...own.quotas.filter(({ path }) => path === partitionPath)];
  const ownFiles = whole.length === 0 ? undefined : await survey.usualPlacement();
  return { quotas: whole, ...(ownFiles === undefined ? {} : { ownFiles }) };
}
