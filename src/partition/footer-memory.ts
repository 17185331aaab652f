import type { ParquetFooter } from '../parquet/footer.ts';
import type { FooterFacts } from '../plan/partition-plan.ts';
import type { NotData } from '../plan/plan-input.ts';
import type { FileRef } from '../store/store.ts';

/** What a file that may be data was found to be. */
export type FileContent = FooterFacts | { readonly unreadable: string } | NotData;

/**
 * What was found in the files of one partition, so that planning, planning again under the lock and merging decode a
 * footer once. What is remembered is that of one generation, and given only to who expects it.
 */
export interface FooterMemory {
  contentOf(path: string, ref: FileRef): FileContent | undefined;
  /** Also undefined when there was no room left for it. */
  footerOf(path: string, ref: FileRef): ParquetFooter | undefined;
  /** @param footer of a file that can be read */
  keep(path: string, ref: FileRef, content: FileContent, footer: ParquetFooter | undefined): void;
}

/** Bytes of stored footers, a decoded one takes about three times as much. */
const footerBudgetBytes = 16 * 1024 * 1024;

/** An empty memory. @param budgetBytes most bytes of footers, as they are stored, that are kept decoded */
export function footerMemory(budgetBytes = footerBudgetBytes): FooterMemory {
  const contents = new Map<string, FileContent>();
  const footers = new Map<string, ParquetFooter>();
  let spentBytes = 0;
  return {
    contentOf: (path, ref) => contents.get(keyOf(path, ref)),
    footerOf: (path, ref) => footers.get(keyOf(path, ref)),
    keep(path, ref, content, footer) {
      const key = keyOf(path, ref);
      contents.set(key, content);
      if (footer === undefined || footers.has(key)) return;
      if (spentBytes + footer.footerSizeBytes > budgetBytes) return;
      spentBytes += footer.footerSizeBytes;
      footers.set(key, footer);
    },
  };
}

function keyOf(path: string, { fileId, sizeBytes, modifiedAtMs }: FileRef): string {
  return `${fileId}/${sizeBytes}/${modifiedAtMs}/${path}`;
}
