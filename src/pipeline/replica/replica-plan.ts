import type { FileRef, FileStatus } from '../../store/store.ts';
import type { SwapReceipt } from '../../swap/journal.ts';
import type { VerificationReceipt } from '../../verify/verified-file.ts';

/** A file of the partition that a run merged and verified, and the proof of that. */
export interface VerifiedOutput {
  readonly file: FileStatus;
  readonly proof: VerificationReceipt;
}

/** What is known of a partition and of its replica. */
export interface ReplicaFacts {
  /** The entries of the partition. */
  readonly primary: readonly FileStatus[];
  /** What runs left that changed the partition. */
  readonly receipts: readonly SwapReceipt[];
  /** The entries of the replica. */
  readonly replica: readonly FileStatus[];
  /** What earlier copies left at the replica. */
  readonly copies: readonly SwapReceipt[];
}

/** How the replica becomes what the partition is, as far as that was merged. Plain data. */
export interface ReplicaPlan {
  /** Files that the replica does not have. */
  readonly copy: readonly VerifiedOutput[];
  /** Files of which the replica has one of the same name and length that no receipt knows: only its bytes can tell. */
  readonly compare: readonly { readonly output: VerifiedOutput; readonly found: FileStatus }[];
  /** Files of the replica, copied earlier, whose rows are in files that took their place. */
  readonly remove: readonly FileRef[];
  /** Merged files that are at the replica already. */
  readonly current: number;
}

/**
 * Compares a partition with its replica. Only what a receipt proves to be merged and verified is copied; only what an
 * earlier copy put there, and what a later run merged again (or an undo took back and a later run merged anew), is taken out.
 */
export function planReplica({ primary, receipts, replica, copies }: ReplicaFacts): ReplicaPlan {
  const outputs = verifiedOutputs(primary, receipts);
  const copied = copiedFiles(replica, copies);
  const atReplica = new Map(replica.map((entry) => [entry.name, entry]));
  const copy: VerifiedOutput[] = [];
  const compare: { output: VerifiedOutput; found: FileStatus }[] = [];
  let current = 0;
  for (const output of outputs) {
    const { name, sizeBytes } = output.file;
    const found = atReplica.get(name);
    if (copied.get(name)?.proof.sha256 === output.proof.sha256) current++;
    else if (found?.kind === 'file' && found.sizeBytes === sizeBytes) compare.push({ output, found });
    else copy.push(output);
  }
  const wanted = new Set(outputs.map(({ file }) => file.name));
  const replaced = replacedNames(receipts, wanted);
  const remove = [...copied.values()]
    .map(({ file }) => file)
    .filter(({ name }) => !wanted.has(name) && replaced.has(name));
  return { copy, compare, remove, current };
}

/** The files of the partition that are, by name, id and length, what a receipt says was verified. */
export function verifiedOutputs(
  entries: readonly FileStatus[],
  receipts: readonly SwapReceipt[],
): readonly VerifiedOutput[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return receipts.flatMap((receipt) =>
    proofs(receipt, 'consolidate').flatMap(({ ref, proof }) => {
      const file = byName.get(ref.name);
      return file !== undefined && isSame(file, ref) ? [{ file, proof }] : [];
    }),
  );
}

/** What earlier copies put into the replica and is still there as they left it, by name. */
function copiedFiles(
  entries: readonly FileStatus[],
  copies: readonly SwapReceipt[],
): ReadonlyMap<string, VerifiedOutput> {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const copied = new Map<string, VerifiedOutput>();
  for (const receipt of copies) {
    for (const { ref, proof } of proofs(receipt, 'replicate')) {
      const file = byName.get(ref.name);
      if (file !== undefined && isSame(file, ref)) copied.set(ref.name, { file, proof });
    }
  }
  return copied;
}

/**
 * Names of merged files whose rows are in files that the replica has or gets: those that a run merged again, all of
 * whose outputs are wanted or were merged again themselves; and those that were undone, once a run after that did its work.
 */
function replacedNames(receipts: readonly SwapReceipt[], wanted: ReadonlySet<string>): ReadonlySet<string> {
  const replaced = new Set<string>();
  const runs = receipts.filter(({ kind }) => kind === 'consolidate');
  // From the newest to the oldest: what the newer ones replaced is then known.
  for (const run of [...runs].sort((a, b) => b.startedAtMs - a.startedAtMs)) {
    const added = run.added.map(({ name }) => name);
    if (run.undoneBy === undefined) {
      const isCovered = added.every((name) => wanted.has(name) || replaced.has(name));
      if (isCovered) for (const { name } of run.removed) replaced.add(name);
    } else {
      const redone = runs.some(
        (later) =>
          later.undoneBy === undefined &&
          later.startedAtMs > run.finishedAtMs &&
          later.added.every(({ name }) => wanted.has(name) || replaced.has(name)),
      );
      if (redone) for (const name of added) replaced.add(name);
    }
  }
  return replaced;
}

/** Added files with the proof that belongs to each; none of a run that only folded. */
function proofs(
  { kind, outcome, added, verification }: SwapReceipt,
  wanted: SwapReceipt['kind'],
): readonly { readonly ref: FileRef; readonly proof: VerificationReceipt }[] {
  if (kind !== wanted || outcome === 'folded' || added.length !== verification.length) return [];
  return added.flatMap((ref, index) => {
    const proof = verification[index];
    return proof === undefined ? [] : [{ ref, proof }];
  });
}

function isSame(found: FileStatus, ref: FileRef): boolean {
  return found.kind === 'file' && found.fileId === ref.fileId && found.sizeBytes === ref.sizeBytes;
}
