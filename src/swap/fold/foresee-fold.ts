import type { Settlement } from '../settlement.ts';
import { decideFold, diagnoseBin } from './diagnose-fold.ts';
import type { FoldRun } from './fold-run.ts';
import { observeFold } from './observe-fold.ts';
import { isEarlierUndo, observeRestores } from './settle-fold-undo.ts';

/** What `settleFold` would do about a run that died, as things are now. */
export async function foreseeFold(run: FoldRun): Promise<Settlement['action']> {
  const { journal } = run;
  if (isEarlierUndo(journal)) {
    const found = await observeRestores(run);
    return found.some(({ named }) => named === 'restored') ? 'rolled-forward' : 'rolled-back';
  }
  const found = await observeFold(run);
  const states = journal.bins.flatMap((bin, index) => {
    const foundBin = found.bins[index];
    return foundBin === undefined ? [] : [diagnoseBin(bin, foundBin)];
  });
  const decision = decideFold(found.bins, states, false);
  if (decision.do === 'overwritten') return 'foreign';
  return decision.do === 'roll-back' ? 'rolled-back' : 'rolled-forward';
}
