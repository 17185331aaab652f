import { SwapError } from '../../core/errors.ts';
import { join } from '../../partition/names.ts';
import type { FoldBin } from '../journal.ts';
import type { FoldRun } from './fold-run.ts';

/** A placeholder until the mending is written. */
export async function mendGrown(run: FoldRun, bin: FoldBin, steps: number): Promise<void> {
  throw new SwapError(
    `${join(run.partitionPath, bin.name)} is longer than the ${steps} parts it was folded from: an input grew at that very moment`,
    { code: 'foreign-state', dataState: 'every byte is in that file', hint: 'see DESIGN.md' },
  );
}
