import { mapConcurrently } from '../core/concurrency.ts';
import { type ParquetFooter, readFooter } from '../parquet/footer.ts';
import type { MergeInput } from '../parquet/merge/merge-request.ts';
import type { FooterMemory } from '../partition/footer-memory.ts';
import type { FileRef, Store } from '../store/store.ts';

/** Footers read at the same time. */
const filesAtOnce = 16;

/** Files that are open for reading, with their footers. Whoever opened them calls `close`. */
export interface OpenInputs {
  /** In the order they were asked for. */
  readonly inputs: readonly MergeInput[];
  close(): Promise<void>;
}

/** A file by its full path, at the generation that is expected there. */
export interface InputFile {
  readonly path: string;
  readonly ref: FileRef;
}

/**
 * Opens files and reads their footers, but for those that are known. When one fails, those already open are closed again.
 * @param keep what of a footer is kept; absent: all
 * @throws StoreError when a file cannot be opened or is no longer the one expected; FormatError for a bad footer
 */
export async function openInputs(
  store: Pick<Store, 'open'>,
  files: readonly InputFile[],
  footers?: FooterMemory,
  keep: (footer: ParquetFooter) => ParquetFooter = (footer) => footer,
): Promise<OpenInputs> {
  const opened: MergeInput['source'][] = [];
  const close = async (): Promise<void> => {
    for (const source of opened) await source.close();
  };
  try {
    const inputs = await mapConcurrently(files, filesAtOnce, async ({ path, ref }) => {
      const source = await store.open(path, ref);
      opened.push(source);
      return { source, footer: footers?.footerOf(ref) ?? keep(await readFooter(source)) };
    });
    return { inputs, close };
  } catch (error) {
    await close();
    throw error;
  }
}
