import type { Placement } from '../store/store.ts';

/** How an erasure coding policy spreads a file over DataNodes. */
export interface Striping {
  readonly dataUnits: number;
  readonly parityUnits: number;
  readonly cellSizeBytes: number;
}

/** The policy that HDFS ships as its default, for one whose name says nothing. */
const usual: Striping = { dataUnits: 6, parityUnits: 3, cellSizeBytes: 1024 * 1024 };

/**
 * What a policy does, by its name: `RS-6-3-1024k` has 6 cells of data and 3 of parity to a stripe, each of 1,024 KiB. HDFS makes
 * these names, also those of policies that somebody added (`ErasureCodingPolicy.composePolicyName`).
 */
export function stripingOf(policyName: string): Striping {
  const [, data, parity, kib] = /-(\d+)-(\d+)-(\d+)k$/.exec(policyName) ?? [];
  const striping = {
    dataUnits: Number(data),
    parityUnits: Number(parity),
    cellSizeBytes: Number(kib) * 1024,
  };
  return striping.dataUnits > 0 && striping.cellSizeBytes > 0 ? striping : usual;
}

/**
 * What a file of so many bytes takes of a space quota: all its copies; or, erasure-coded, its data and as much parity as the first
 * cell of each stripe is long, so that a file of less than a cell takes 1 + parity of its length
 * (`StripedBlockUtil.spaceConsumedByStripedBlock`).
 */
export function storedBytes(bytes: number, placement: Placement | undefined): number {
  if (placement?.erasureCoding === undefined) return bytes * (placement?.replication ?? 1);
  const { dataUnits, parityUnits, cellSizeBytes } = stripingOf(placement.erasureCoding);
  const stripeBytes = dataUnits * cellSizeBytes;
  const rest = bytes % stripeBytes;
  const parityBytes = Math.floor(bytes / stripeBytes) * cellSizeBytes + Math.min(rest, cellSizeBytes);
  return bytes + parityUnits * parityBytes;
}

/** What small files of so many bytes together take at most, however many they are. */
export function mostStoredBytes(bytes: number, placement: Placement | undefined): number {
  return placement?.erasureCoding === undefined
    ? storedBytes(bytes, placement)
    : bytes * (1 + stripingOf(placement.erasureCoding).parityUnits);
}

/**
 * What HDFS sets aside of a space quota for a file that is being written, however short it will be: one block, and erasure-coded one
 * for every unit of a group (`FSDirWriteFileOp.addBlock`).
 */
export function reservedBytes(placement: Placement | undefined): number {
  const blockSizeBytes = placement?.blockSizeBytes ?? 0;
  if (placement?.erasureCoding === undefined) return blockSizeBytes * (placement?.replication ?? 1);
  const { dataUnits, parityUnits } = stripingOf(placement.erasureCoding);
  return blockSizeBytes * (dataUnits + parityUnits);
}
