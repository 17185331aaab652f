/** What is found of a swap that has a journal and no receipt. */
export interface Observed {
  /** original, new: the directory the journal names so. foreign: any other. */
  readonly partition: 'absent' | 'original' | 'new' | 'foreign';
  /** The original directory lies in the run as `old/`. */
  readonly hasOld: boolean;
  /** The new directory lies in the run as `new/`. */
  readonly hasNew: boolean;
  /** Nothing in `old/` has changed since the journal was written (only looked at when the partition is not there). */
  readonly oldUnchanged: boolean;
  /** `new/` holds everything it must, under final names (looked at likewise). */
  readonly newComplete: boolean;
  /** Directories that writers made in the partition's place, not yet emptied. */
  readonly hasLate: boolean;
}

/** The next step towards a settled state. */
export type Decision =
  /** Nothing is replaced: delete what the run made. */
  | 'roll-back'
  /** Between the two renames, go on: new/ becomes the partition. */
  | 'place-new'
  /** Between the two renames, go back: old/ becomes the partition again. */
  | 'place-old'
  /** Both renames are done: bring late files along, veil the backup, write the receipt. */
  | 'finish'
  /** Both renames were done, then somebody replaced the partition: keep the backup, tell a person. */
  | 'overwritten'
  /** Somebody else changed things while the partition was between the renames: leave all as it is, tell a person. */
  | 'foreign';

/**
 * The recovery table. Every row of the old partition is in `old/` or in the partition until a receipt is written, so
 * as long as nobody else interferes one of the first four applies.
 */
export function diagnose(found: Observed): Decision {
  switch (found.partition) {
    case 'original':
      return 'roll-back';
    case 'new':
      return 'finish';
    case 'absent':
      if (found.hasOld && found.hasNew) {
        return found.oldUnchanged && found.newComplete ? 'place-new' : 'place-old';
      }
      // Neither old/ nor late files: whoever removed the partition did it before this run moved anything.
      return found.hasOld || found.hasLate ? 'foreign' : 'roll-back';
    case 'foreign':
      if (found.hasOld) return found.hasNew ? 'foreign' : 'overwritten';
      return found.hasLate ? 'foreign' : 'roll-back';
  }
}
