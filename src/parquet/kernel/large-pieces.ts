/** A stretch of memory that nobody uses. */
interface FreePiece {
  at: number;
  sizeBytes: number;
}

/** Memory from some address on, handed out in large pieces; neighbours that are free become one. */
export interface LargePieces {
  /** Behind the last byte that was handed out. */
  end: number;
  /** By address. There are few. */
  readonly free: FreePiece[];
}

/** All memory from `start` on, free. */
export function largePieces(start: number): LargePieces {
  return { end: start, free: [] };
}

/** Address of a piece of `sizeBytes`: from the smallest free one that is large enough, else behind all others. */
export function takePiece(pieces: LargePieces, sizeBytes: number): number {
  const { free } = pieces;
  let best = -1;
  let bestBytes = Number.POSITIVE_INFINITY;
  for (let i = 0; i < free.length; i++) {
    const one = free[i] as FreePiece;
    if (one.sizeBytes < sizeBytes || one.sizeBytes >= bestBytes) continue;
    best = i;
    bestBytes = one.sizeBytes;
  }
  const found = free[best];
  if (found === undefined) {
    const at = pieces.end;
    pieces.end += sizeBytes;
    return at;
  }
  const { at } = found;
  shorten(free, best, sizeBytes);
  return at;
}

/** Takes back a piece. */
export function freePiece(pieces: LargePieces, at: number, sizeBytes: number): void {
  const { free } = pieces;
  let i = placeOf(free, at);
  free.splice(i, 0, { at, sizeBytes });
  if (joinNext(free, i - 1)) i--;
  joinNext(free, i);
  const last = free[i];
  if (last !== undefined && last.at + last.sizeBytes === pieces.end) {
    pieces.end = last.at;
    free.splice(i, 1);
  }
}

/** Makes a piece larger where it lies, if what follows it is free; false when it is not. */
export function resizePiece(pieces: LargePieces, at: number, sizeBytes: number, newBytes: number): boolean {
  const { free } = pieces;
  const more = newBytes - sizeBytes;
  if (at + sizeBytes === pieces.end) {
    pieces.end += more;
    return true;
  }
  const i = placeOf(free, at);
  const next = free[i];
  if (next === undefined || next.at !== at + sizeBytes || next.sizeBytes < more) return false;
  shorten(free, i, more);
  return true;
}

// Index of the first free piece behind address `at`.
function placeOf(free: readonly FreePiece[], at: number): number {
  let from = 0;
  let to = free.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((free[middle] as FreePiece).at < at) from = middle + 1;
    else to = middle;
  }
  return from;
}

function shorten(free: FreePiece[], index: number, sizeBytes: number): void {
  const piece = free[index] as FreePiece;
  piece.at += sizeBytes;
  piece.sizeBytes -= sizeBytes;
  if (piece.sizeBytes === 0) free.splice(index, 1);
}

// Makes one of a free piece and the next when they touch.
function joinNext(free: FreePiece[], index: number): boolean {
  const one = free[index];
  const next = free[index + 1];
  if (one === undefined || next === undefined || one.at + one.sizeBytes !== next.at) return false;
  one.sizeBytes += next.sizeBytes;
  free.splice(index + 1, 1);
  return true;
}
