import type { ByteSource } from '../core/byte-source.ts';
import { collectGarbage } from '../core/collect-garbage.ts';
import { mapConcurrently } from '../core/concurrency.ts';
import { FormatError } from '../core/errors.ts';
import { formatSize } from '../core/units.ts';
import { type ParquetFooter, readFooter } from '../parquet/footer.ts';
import { checkSupported } from '../parquet/supported-features.ts';
import type { CandidateFile } from '../plan/partition-plan.ts';
import type { ForeignFile, ListedEntry } from '../plan/plan-input.ts';
import { refOf, type Store } from '../store/store.ts';
import { footerFacts } from './footer-facts.ts';
import { type FileContent, type FooterMemory, footerMemory } from './footer-memory.ts';
import { withTail } from './tail-source.ts';

/** The possible data files of a partition, sorted into those that are Parquet and those that are not. */
export interface ReadFooters {
  readonly candidates: readonly CandidateFile[];
  readonly foreign: readonly ForeignFile[];
}

/** Files looked at at the same time. */
const filesAtOnce = 16;

/** Enough for the footer of nearly every small file, and for the whole of most. */
const tailBytes = 64 * 1024;

/** Over a network a file up to this length is read at once: its beginning is looked at too, and a second read would cost more. */
const wholeBytes = 256 * 1024;

/** Files after which it is looked whether what their footers left behind is too much. */
const lookedTogether = 500;

const magicBytes = 4;

/**
 * Reads the footer of every entry that may be data. A file that is no Parquet at all is foreign; one whose footer
 * is damaged, encrypted or not supported is a candidate that says why it cannot be read.
 * @param memory what was found before is taken from there and not looked for again; what is found is put there
 * @throws StoreError when a file cannot be opened or read, or is no longer the one that was listed
 */
export async function readFooters(
  store: Store,
  entries: readonly ListedEntry[],
  memory: FooterMemory = footerMemory(),
): Promise<ReadFooters> {
  const files = entries.filter((entry) => entry.notData === undefined);
  let looked = 0;
  const found = await mapConcurrently(files, filesAtOnce, async (file) => {
    if (++looked % lookedTogether === 0) collectGarbage();
    return { file, content: await lookInto(store, file, memory) };
  });
  const candidates: CandidateFile[] = [];
  const foreign: ForeignFile[] = [];
  for (const { file, content } of found) {
    if ('rule' in content) {
      foreign.push({ name: file.name, ...content });
      continue;
    }
    const { owner, group, mode, acl, placement } = file;
    const kept = placement === undefined ? {} : { placement };
    candidates.push({ ...refOf(file), owner, group, mode, acl, ...kept, footer: content });
  }
  return { candidates, foreign };
}

async function lookInto(store: Store, file: ListedEntry, memory: FooterMemory): Promise<FileContent> {
  if (file.sizeBytes === 0) {
    return {
      rule: 'empty-file',
      reason: 'It has 0 bytes, so it holds no rows; a writer may have failed here',
    };
  }
  const ref = refOf(file);
  const known = memory.contentOf(ref);
  if (known !== undefined) return known;
  const source = await store.open(file.path, ref);
  try {
    const isReadWhole = store.abilities.remote === true && file.sizeBytes <= wholeBytes;
    const buffered = await withTail(source, isReadWhole ? file.sizeBytes : tailBytes);
    const foreign = await foreignContent(buffered);
    const { content, footer } =
      foreign === undefined ? await readableContent(buffered) : { content: foreign, footer: undefined };
    memory.keep(ref, content, footer);
    return content;
  } finally {
    await source.close();
  }
}

async function foreignContent(source: ByteSource): Promise<FileContent | undefined> {
  const size = formatSize(source.sizeBytes);
  if (source.sizeBytes < 3 * magicBytes) {
    return { rule: 'not-parquet', reason: `It has ${size} bytes, too few for a Parquet file` };
  }
  const head = magicText(await source.read(0, magicBytes));
  const end = magicText(await source.read(source.sizeBytes - magicBytes, magicBytes));
  if (head === 'PARE' || end === 'PARE') {
    return { unreadable: 'its footer is encrypted (magic PARE), which is not supported' };
  }
  if (head === 'PAR1' && end === 'PAR1') return undefined;
  if (head === 'PAR1') {
    return {
      rule: 'truncated-file',
      reason: `It starts as a Parquet file but does not end with PAR1 (${size}): its writer did not finish, readers cannot read it`,
    };
  }
  if (end === 'PAR1') {
    return { unreadable: 'it ends with PAR1 but does not start with it: its beginning is damaged' };
  }
  return {
    rule: 'not-parquet',
    reason: `It neither starts nor ends with PAR1 (${size}), so it is no Parquet file`,
  };
}

async function readableContent(
  source: ByteSource,
): Promise<{ readonly content: FileContent; readonly footer: ParquetFooter | undefined }> {
  try {
    const footer = await readFooter(source);
    checkSupported(footer);
    return { content: footerFacts(footer), footer };
  } catch (error) {
    if (error instanceof FormatError) return { content: { unreadable: error.message }, footer: undefined };
    throw error;
  }
}

function magicText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
