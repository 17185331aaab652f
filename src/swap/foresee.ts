import { diagnose } from './directories/diagnose.ts';
import { observeDirectories } from './directories/settle-directories.ts';
import { foreseeFold } from './fold/foresee-fold.ts';
import type { RunAtHand } from './run-at-hand.ts';
import type { Settlement } from './settlement.ts';

/** What settling a run that has a journal would do, as things are now. Changes nothing. */
export async function foreseeRun(run: RunAtHand): Promise<Settlement['action']> {
  const { journal } = run;
  if (journal.way === 'fold') return await foreseeFold({ ...run, journal });
  switch (diagnose(await observeDirectories({ ...run, journal }))) {
    case 'roll-back':
    case 'place-old':
      return 'rolled-back';
    case 'place-new':
    case 'finish':
      return 'rolled-forward';
    case 'overwritten':
    case 'foreign':
      return 'foreign';
  }
}
