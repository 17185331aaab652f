import { type FoldPiece, foldTailMaker, type TailFrame } from './fold-tail-maker.ts';

/** What makes one Parquet file of bytes in which other Parquet files lie. */
export interface FoldTailRequest extends TailFrame {
  /** At least one, all of one schema; their row groups come in this order, wherever they lie. */
  readonly pieces: readonly FoldPiece[];
}

/** The end of the larger file, for all pieces at once. @throws FormatError as {@link foldTailMaker} says */
export function foldTail({ pieces, ...frame }: FoldTailRequest): Uint8Array {
  const maker = foldTailMaker(pieces.map(({ footer }) => footer));
  for (const piece of pieces) maker.add(piece);
  return maker.tail(frame).bytes;
}
