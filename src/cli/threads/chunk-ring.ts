/**
 * Memory that one thread fills with chunks and another empties, in the same order: nothing is allocated, and nothing is
 * left to the collector of garbage. This is the side of the thread that fills it.
 */
export interface ChunkRing {
  readonly bytes: Uint8Array;
  /** Where the next piece goes, if there is room. */
  headAt: number;
  usedBytes: number;
  /** Bytes that each piece in the ring takes, with what was left out before it; the oldest first. */
  readonly pieces: number[];
}

/** A ring over shared memory, empty. */
export function chunkRing(bytes: Uint8Array): ChunkRing {
  return { bytes, headAt: 0, usedBytes: 0, pieces: [] };
}

/** Where a piece of `sizeBytes` may be written, which is then in use; undefined while there is no room for it. */
export function placeIn(ring: ChunkRing, sizeBytes: number): number | undefined {
  const { bytes, headAt, usedBytes } = ring;
  const isBehind = headAt + sizeBytes <= bytes.length;
  // What does not fit behind the last piece goes to the begin.
  const skipped = isBehind ? 0 : bytes.length - headAt;
  const taken = skipped + sizeBytes;
  if (usedBytes + taken > bytes.length) return undefined;
  const at = isBehind ? headAt : 0;
  ring.headAt = at + sizeBytes;
  ring.usedBytes += taken;
  ring.pieces.push(taken);
  return at;
}

/** Takes back the oldest piece. */
export function takeBack(ring: ChunkRing): void {
  ring.usedBytes -= ring.pieces.shift() ?? 0;
  // Then there is room for a piece as large as the ring.
  if (ring.pieces.length === 0) ring.headAt = 0;
}
