import { undoneName } from '../../partition/names.ts';
import type { FileRef } from '../../store/store.ts';
import type { AddedRef, SwapReceipt } from '../../swap/journal.ts';

/** A file, by what the places of a partition agree on: its id is another one elsewhere. */
type NamedFile = Pick<FileRef, 'name' | 'sizeBytes'>;

/** What receipts tell of the way that rows went from file to file. */
export interface RowLineage {
  /** Keys of the file and of all that it was made of, back to the files of writers. */
  behind(file: NamedFile): ReadonlySet<string>;
  /** Whether the rows of a file are, as far as receipts tell, where `isThere` says they are; false when that is not known. */
  isAccounted(file: NamedFile, isThere: (key: string) => boolean): boolean;
}

/** A file by name and length, as text. */
export function fileKey({ name, sizeBytes }: NamedFile): string {
  // A name has no slash.
  return `${name}/${sizeBytes}`;
}

/** The lineage that the receipts of a partition tell. */
export function rowLineage(receipts: readonly SwapReceipt[]): RowLineage {
  const madeOf = new Map<string, string[]>();
  const becameWhat = new Map<string, string[]>();
  const undone = new Set<string>();
  for (const receipt of receipts) {
    for (const added of receipt.added) {
      for (const input of inputsOf(receipt, added).map(fileKey)) {
        push(madeOf, fileKey(added), input);
        push(becameWhat, input, fileKey(added));
      }
      if (receipt.undoneBy !== undefined) undone.add(fileKey(added));
    }
    if (receipt.kind === 'undo') for (const file of receipt.removed) undone.add(fileKey(file));
  }
  return {
    behind: (file) => {
      const found = new Set([fileKey(file)]);
      // A set hands out what is added while it is gone through.
      for (const key of found) for (const input of madeOf.get(key) ?? []) found.add(input);
      return found;
    },
    isAccounted: (file, isThere) => {
      const seen = new Set([fileKey(file)]);
      for (const key of seen) {
        if (isThere(key) || undone.has(key)) continue;
        const next = becameWhat.get(key);
        if (next === undefined) return false;
        for (const output of next) seen.add(output);
      }
      return true;
    },
  };
}

/** What a file was made of that a run put into the partition: of several outputs, each has inputs of its own. */
function inputsOf(receipt: SwapReceipt, added: AddedRef): readonly FileRef[] {
  const { kind, removed, plan } = receipt;
  if (kind === 'replicate') return [];
  // Else originals come back, which were there before.
  if (kind === 'undo') return removed.filter(({ name }) => undoneName(name) === added.name);
  const bin =
    receipt.way === 'fold'
      ? receipt.bins.find(({ binIndex }) => binIndex === added.binIndex)
      : plan?.bins.find(({ index }) => index === added.binIndex);
  return bin?.inputs ?? removed;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
