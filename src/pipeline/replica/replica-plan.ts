import type { FileRef, FileStatus } from '../../store/store.ts';
import type { AddedRef, SwapReceipt } from '../../swap/journal.ts';
import type { VerificationReceipt } from '../../verify/verified-file.ts';
import { fileKey, type RowLineage, rowLineage } from './row-lineage.ts';

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
  /** Files of the replica, copied earlier, whose rows are in files that the replica has or gets. */
  readonly remove: readonly FileRef[];
  /** The same of files that no receipt of the replica knows: to be taken out once their bytes were compared. */
  readonly superseded: readonly { readonly found: FileStatus; readonly proof: VerificationReceipt }[];
  /** Why rows could be at the replica twice if anything were copied. A sentence for each file; empty: they cannot. */
  readonly doubts: readonly string[];
  /** Merged files that are at the replica already. */
  readonly current: number;
}

/**
 * Compares a partition with its replica. Only what a receipt proves to be merged and verified is copied. What leaves is decided file
 * by file, by the way its rows went: files there and files that are wanted never have a row in common.
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
  const others = replica.filter(({ name, kind }) => kind === 'file' && !wanted.has(name));
  return { copy, compare, current, ...lookAtOthers({ primary, receipts, copies }, outputs, others, copied) };
}

/** What becomes of files at the replica that are not wanted there. */
function lookAtOthers(
  { primary, receipts, copies }: Omit<ReplicaFacts, 'replica'>,
  outputs: readonly VerifiedOutput[],
  others: readonly FileStatus[],
  copied: ReadonlyMap<string, VerifiedOutput>,
): Pick<ReplicaPlan, 'remove' | 'superseded' | 'doubts'> {
  const [lineage, lineageThere] = [rowLineage(receipts), rowLineage(copies)];
  const behindWanted = new Set(outputs.flatMap(({ file }) => [...lineage.behind(file)]));
  const hasWantedRows = (file: FileStatus, by: RowLineage): boolean =>
    [...by.behind(file)].some((key) => behindWanted.has(key));
  const present = new Set(primary.map(fileKey));
  const known = new Map(
    receipts
      .flatMap((receipt) => proofs(receipt, 'consolidate'))
      .map(({ ref, proof }) => [fileKey(ref), proof]),
  );
  const remove: FileRef[] = [];
  const superseded: { found: FileStatus; proof: VerificationReceipt }[] = [];
  const doubts: string[] = [];
  for (const file of others) {
    const proof = known.get(fileKey(file));
    if (copied.has(file.name)) {
      if (hasWantedRows(file, lineage)) remove.push(file);
      else if (!lineage.isAccounted(file, (key) => present.has(key))) {
        doubts.push(
          `${file.name} was copied, is in the partition no longer, and no receipt says what became of its rows`,
        );
      }
    } else if (proof !== undefined && hasWantedRows(file, lineage)) superseded.push({ found: file, proof });
    else if (behindWanted.has(fileKey(file))) {
      doubts.push(`${file.name} is, by name and length, a file whose rows were merged`);
    } else if (hasWantedRows(file, lineageThere)) {
      doubts.push(`${file.name} was made there of copies, by a run on the replica itself`);
    }
  }
  return { remove, superseded, doubts };
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

/** Added files with the proof that belongs to each; none of what was only folded. */
function proofs(
  receipt: SwapReceipt,
  wanted: SwapReceipt['kind'],
): readonly { readonly ref: FileRef; readonly proof: VerificationReceipt }[] {
  const { kind, added, verification, plan } = receipt;
  if (kind !== wanted) return [];
  const proofOf = (ref: AddedRef, index: number): VerificationReceipt | undefined => {
    // Bins that were left as they were have a proof as well, and nothing that was added.
    if (added.length === verification.length) return verification[index];
    if (plan?.bins.length !== verification.length) return undefined;
    return verification[plan.bins.findIndex((bin) => bin.index === ref.binIndex)];
  };
  const isOnlyFolded = (ref: AddedRef): boolean =>
    receipt.way === 'fold' &&
    receipt.bins.every((bin) => bin.binIndex !== ref.binIndex || bin.staged === undefined);
  return added.flatMap((ref, index) => {
    const proof = isOnlyFolded(ref) ? undefined : proofOf(ref, index);
    return proof === undefined ? [] : [{ ref, proof }];
  });
}

function isSame(found: FileStatus, ref: FileRef): boolean {
  return found.kind === 'file' && found.fileId === ref.fileId && found.sizeBytes === ref.sizeBytes;
}
