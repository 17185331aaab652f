import {
  firstAddress,
  type Kernel,
  leafBytes,
  leafWord,
  numbersPerChunk,
  rowGroupNumber,
} from '../kernel/kernel.ts';
import { wasmKernel } from '../kernel/wasm-kernel.ts';
import { compactCursor, wireType } from '../thrift/compact-reader.ts';
import { compactWriter, putBinary, putListHeader, writtenBytes } from '../thrift/compact-writer.ts';
import type { LeafColumn } from './leaf-column.ts';
import { type RowGroup, readRowGroup } from './row-group.ts';

// The memory that a kernel begins with, divided up: it need never grow. Larger footers are read another way.
const leavesAt = firstAddress;
const footerAt = 128 * 1024;
const numbersAt = 640 * 1024;
const memoryEnd = 1024 * 1024;

/** A kernel that reads footers, and the leaves it knows. */
interface FooterReader {
  readonly kernel: Kernel;
  leaves: readonly LeafColumn[];
  /** Whether there is room for them. */
  fits: boolean;
}

let reader: FooterReader | undefined;
let isMissing = false;

/** Row groups, and how many bytes their list has. */
export interface UsualRowGroups {
  readonly rowGroups: readonly RowGroup[];
  readonly sizeBytes: number;
}

/**
 * Reads the row groups of a footer in the kernel, as `readRowGroups` would and much faster; undefined where the kernel cannot
 * or something in it is unusual, or wrong.
 * @param bytes of the footer; row groups keep views of it
 * @param position of the list's header
 * @param leaves the same array as for the file before, where the schemas are equal
 * @param dataEndBytes where chunks must end
 */
export function readUsualRowGroups(
  bytes: Uint8Array,
  position: number,
  leaves: readonly LeafColumn[],
  dataEndBytes: number,
): UsualRowGroups | undefined {
  const { kernel, fits } = readerFor(leaves) ?? {};
  const length = bytes.length - position;
  if (kernel === undefined || fits !== true || length > numbersAt - footerAt) return undefined;
  const { memory } = kernel;
  memory.bytes.set(position === 0 ? bytes : bytes.subarray(position), footerAt);
  const count = kernel.readRowGroups(
    footerAt,
    footerAt + length,
    leavesAt,
    leaves.length,
    dataEndBytes,
    numbersAt,
    memoryEnd,
  );
  if (count < 0) return undefined;
  const sizeBytes = memory.words[0] as number;
  const groupNumbers = numbersPerChunk * (leaves.length + 1);
  const all = new Float64Array(memory.bytes.slice(numbersAt, numbersAt + count * groupNumbers * 8).buffer);
  const rowGroups: RowGroup[] = [];
  for (let i = 0; i < count; i++) {
    const place = i * groupNumbers;
    const numberOf = (name: keyof typeof rowGroupNumber): number =>
      all[place + rowGroupNumber[name]] as number;
    rowGroups.push(
      rowGroupOf(
        numberOf('rows'),
        numberOf('totalSizeBytes'),
        numberOf('isSorted') === 1,
        all.subarray(place + numbersPerChunk, place + groupNumbers),
        bytes.subarray(position + numberOf('from'), position + numberOf('to')),
        leaves,
      ),
    );
  }
  return { rowGroups, sizeBytes };
}

// Chunks become objects when somebody asks for them.
function rowGroupOf(
  rows: number,
  totalSizeBytes: number,
  isSorted: boolean,
  numbers: Float64Array,
  bytes: Uint8Array,
  leaves: readonly LeafColumn[],
): RowGroup {
  let chunks: RowGroup['chunks'] | undefined;
  return {
    rows,
    totalSizeBytes,
    isSorted,
    hasChunkKeyValues: false,
    hasKnownEncodings: true,
    bytes,
    numbers,
    get chunks() {
      chunks ??= readRowGroup(compactCursor(bytes), leaves).chunks;
      return chunks;
    },
  };
}

function readerFor(leaves: readonly LeafColumn[]): FooterReader | undefined {
  if (isMissing) return undefined;
  if (reader === undefined) {
    const kernel = wasmKernel();
    if (kernel === undefined) {
      isMissing = true;
      return undefined;
    }
    reader = { kernel, leaves: [], fits: false };
  }
  if (reader.leaves !== leaves) tellLeaves(reader, leaves);
  return reader;
}

function tellLeaves(to: FooterReader, leaves: readonly LeafColumn[]): void {
  const { bytes, words } = to.kernel.memory;
  let at = leavesAt + leaves.length * leafBytes;
  to.leaves = leaves;
  to.fits = false;
  for (const [i, leaf] of leaves.entries()) {
    const w = compactWriter(64);
    putListHeader(w, wireType.BINARY, leaf.pathNames.length);
    for (const name of leaf.pathNames) putBinary(w, Buffer.from(name));
    const path = writtenBytes(w);
    if (at + path.length > footerAt) return;
    bytes.set(path, at);
    const place = (leavesAt + i * leafBytes) / 4;
    words[place + leafWord.type] = leaf.type;
    words[place + leafWord.isFlat] = leaf.maxRepetitionLevel === 0 ? 1 : 0;
    words[place + leafWord.pathAt] = at;
    words[place + leafWord.pathBytes] = path.length;
    at += path.length;
  }
  to.fits = true;
}
