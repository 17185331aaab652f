import { checkCodec, isReadableCodec } from './codec/compression.ts';
import type { ParquetFooter } from './footer.ts';
import { encoding, nameOf } from './format.ts';
import { placed, unsupported } from './format-error.ts';
import { chunkNumber, numbersPerChunk } from './kernel/kernel.ts';
import { chunkNumbersOf } from './metadata/chunk-numbers.ts';
import { statisticsOf } from './metadata/column-chunk.ts';
import { isBefore, writerVersion } from './writer-version.ts';

const known: ReadonlySet<number> = new Set(Object.values(encoding));

/**
 * Refuses a file whose footer says already that it cannot be merged: by the compression and the encodings of its column
 * chunks, and by its writer. A footer that leaves an encoding out is found out when the page is read.
 * @throws FormatError naming row group, column and feature
 */
export function checkSupported(footer: ParquetFooter): void {
  const java = writerVersion(footer.createdBy, 'parquet-mr') ?? [];
  if (java.length > 0 && isBefore(java, [1, 2, 9])) {
    // Arrow reads such chunks longer than stated (PARQUET-816); in a file of another writer it would not.
    throw unsupported('a file of parquet-mr before 1.2.9, which states its column chunks too short,', {
      file: footer.file,
    });
  }
  if (footer.leaves.length === 0) throw unsupported('a schema without columns', { file: footer.file });
  checkMovable(footer);
  const isReadable = [...codecsOf([footer])].every(isReadableCodec);
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    // To look at `chunks` is to make them.
    if (isReadable && rowGroup.hasKnownEncodings === true) continue;
    for (const [i, chunk] of rowGroup.chunks.entries()) {
      try {
        checkCodec(chunk.codec);
        const other = chunk.encodings.find((one) => !known.has(one));
        if (other !== undefined) throw unsupported(`encoding ${nameOf(encoding, other)}`);
      } catch (error) {
        throw placed(error, {
          file: footer.file,
          rowGroup: number,
          column: footer.leaves[i]?.path ?? String(i),
        });
      }
    }
  }
}

/** Every compression that a column chunk of these files has. */
export function codecsOf(footers: readonly ParquetFooter[]): ReadonlySet<number> {
  const codecs = new Set<number>();
  let last = -1;
  for (const { rowGroups } of footers) {
    for (const rowGroup of rowGroups) {
      const numbers = chunkNumbersOf(rowGroup);
      for (let i = chunkNumber.codec; i < numbers.length; i += numbersPerChunk) {
        const codec = numbers[i] as number;
        if (codec !== last) codecs.add(codec);
        last = codec;
      }
    }
  }
  return codecs;
}

/**
 * Refuses a file whose values may say where in this very file something lies: in another file it lies elsewhere. That are
 * values of logical type FILE with an offset (parquet-format, LogicalTypes, "FILE"); where statistics say that none is set
 * there is nothing to lose.
 * @throws FormatError naming the column
 */
export function checkMovable(footer: ParquetFooter): void {
  for (const path of pathsOf(footer, 'FILE')) {
    const leaf = footer.leaves.find(({ pathNames }) => {
      return (
        pathNames.length === path.length + 1 &&
        path.every((name, i) => name === pathNames[i]) &&
        pathNames.at(-1) === 'offset'
      );
    });
    if (leaf === undefined) continue;
    const isSet = footer.rowGroups.some(({ chunks }) => {
      const chunk = chunks[leaf.index];
      return chunk !== undefined && statisticsOf(chunk)?.nullCount !== chunk.valueCount;
    });
    if (isSet)
      throw unsupported('logical type FILE with offsets, which may lead into the file itself,', {
        file: footer.file,
        column: leaf.path,
      });
  }
}

// Thousands of files share their schema.
let without: { readonly elements: ParquetFooter['elements']; readonly logicalName: string } = {
  elements: [],
  logicalName: '',
};

/** Where the groups of a logical type stand in the schema: names from below the root. */
function pathsOf({ elements }: ParquetFooter, logicalName: string): readonly (readonly string[])[] {
  if (elements === without.elements && logicalName === without.logicalName) return [];
  if (!elements.some(({ logicalType }) => logicalType?.name === logicalName)) {
    without = { elements, logicalName };
    return [];
  }
  const found: (readonly string[])[] = [];
  let next = 1;
  const walk = (above: readonly string[]): void => {
    const element = elements[next++];
    if (element === undefined) return;
    const path = [...above, element.name];
    if (element.type !== undefined) return;
    if (element.logicalType?.name === logicalName) found.push(path);
    for (let i = 0; i < (element.childCount ?? 0); i++) walk(path);
  };
  while (next < elements.length) walk([]);
  return found;
}
