import type { ParquetFooter } from '../parquet/footer.ts';
import { chunkNumber, numbersPerChunk } from '../parquet/kernel/kernel.ts';
import { chunkNumbersOf } from '../parquet/metadata/chunk-numbers.ts';
import type { FooterFacts } from '../plan/partition-plan.ts';
import type { NotData } from '../plan/plan-input.ts';
import { type FileRef, sameGeneration } from '../store/store.ts';

/** What a file that may be data was found to be. */
export type FileContent = FooterFacts | { readonly unreadable: string } | NotData;

/**
 * What was found in the files of one partition, so that planning, planning again under the lock and merging decode a
 * footer once. What is remembered is that of one generation, and given only to who expects it.
 */
export interface FooterMemory {
  contentOf(ref: FileRef): FileContent | undefined;
  /** Also undefined when there was no room left for it. */
  footerOf(ref: FileRef): ParquetFooter | undefined;
  /** The schema with this key, if it was among the first; it stays when footers are forgotten. */
  schemaOf(schemaKey: string): KnownSchema | undefined;
  /** @param footer of a file that can be read */
  keep(ref: FileRef, content: FileContent, footer: ParquetFooter | undefined): void;
  /** Bytes of the column chunks of these files before compression, as far as their footers were read. */
  uncompressedBytesOf(refs: readonly FileRef[]): number;
  /** Gives back the room of footers that are not needed any more. */
  forgetFooters(refs: readonly FileRef[]): void;
}

/** The schema of the first file that was found to have it. */
export type KnownSchema = Pick<ParquetFooter, 'file' | 'elements' | 'elementBytes' | 'leaves' | 'schemaKey'>;

interface Known {
  readonly ref: FileRef;
  readonly content: FileContent;
  readonly uncompressedBytes: number;
  footer: ParquetFooter | undefined;
}

/** Bytes of stored footers, a decoded one takes about three times as much. */
const footerBudgetBytes = 8 * 1024 * 1024;

/** Columns of all schemas that are kept; files of one partition have few. */
const mostColumns = 20_000;

/** An empty memory. @param budgetBytes most bytes of footers, as they are stored, that are kept decoded */
export function footerMemory(budgetBytes = footerBudgetBytes): FooterMemory {
  // By file id: it names the file in its store, whatever it is called.
  const known = new Map<string, Known>();
  let spentBytes = 0;
  const schemas = new Map<string, KnownSchema>();
  let columns = 0;
  const keepSchema = (footer: ParquetFooter): void => {
    const { file, elements, elementBytes, leaves, schemaKey } = footer;
    if (schemas.has(schemaKey) || columns + leaves.length > mostColumns) return;
    columns += leaves.length;
    schemas.set(schemaKey, { file, elements, elementBytes, leaves, schemaKey });
  };
  const find = (ref: FileRef): Known | undefined => {
    const found = known.get(ref.fileId);
    return found !== undefined && sameGeneration(found.ref, ref) && found.ref.name === ref.name
      ? found
      : undefined;
  };
  const forget = (one: Known | undefined): void => {
    if (one?.footer === undefined) return;
    spentBytes -= one.footer.footerSizeBytes;
    one.footer = undefined;
  };
  return {
    contentOf: (ref) => find(ref)?.content,
    footerOf: (ref) => find(ref)?.footer,
    schemaOf: (schemaKey) => schemas.get(schemaKey),
    keep(ref, content, footer) {
      forget(known.get(ref.fileId));
      const fits = footer !== undefined && spentBytes + footer.footerSizeBytes <= budgetBytes;
      if (fits) spentBytes += footer.footerSizeBytes;
      if (footer !== undefined) keepSchema(footer);
      const uncompressedBytes = footer === undefined ? 0 : uncompressedBytesIn(footer);
      known.set(ref.fileId, { ref, content, uncompressedBytes, footer: fits ? footer : undefined });
    },
    uncompressedBytesOf: (refs) => refs.reduce((sum, ref) => sum + (find(ref)?.uncompressedBytes ?? 0), 0),
    forgetFooters(refs) {
      for (const ref of refs) forget(find(ref));
    },
  };
}

function uncompressedBytesIn({ rowGroups }: ParquetFooter): number {
  let sum = 0;
  for (const rowGroup of rowGroups) {
    const numbers = chunkNumbersOf(rowGroup);
    for (let place = 0; place < numbers.length; place += numbersPerChunk) {
      sum += numbers[place + chunkNumber.uncompressedSizeBytes] as number;
    }
  }
  return sum;
}
