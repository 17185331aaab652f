import { request } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  dataFilesOf,
  everyIdOnce,
  idsIn,
  type ListedFile,
  listAll,
  listPage,
  readWhole,
} from '../support/hdfs-reader.ts';
import { type HdfsAddress, HdfsRefusal } from '../support/hdfs-request.ts';

/** The partition that readers read now. */
export interface ReadTarget {
  readonly partition: string;
  /** Names of the inputs, in name order. */
  readonly inputs: readonly string[];
  readonly ids: ReadonlySet<number>;
}

/** What one kind of reader met. */
export interface ReaderTally {
  readonly reader: string;
  /** Passes that were right. */
  passes: number;
  /** Passes that got other rows and no error; a sentence each. */
  readonly wrong: string[];
  /** Passes that ended with an error, by its name. */
  readonly loud: Map<string, number>;
}

/** One pass of a reader; resolves with a sentence when what it saw is wrong, rejects when reading failed. */
export type ReaderPass = (address: HdfsAddress, target: ReadTarget) => Promise<string | undefined>;

/** Reads whatever is current, over and over, until told to stop. */
export async function loop(
  reader: string,
  pass: ReaderPass,
  address: HdfsAddress,
  current: () => ReadTarget | undefined,
): Promise<ReaderTally> {
  const tally: ReaderTally = { reader, passes: 0, wrong: [], loud: new Map() };
  for (let target = current(); target !== undefined; target = current()) {
    try {
      const problem = await pass(address, target);
      if (problem === undefined) tally.passes++;
      else tally.wrong.push(`${target.partition}: ${problem}`);
    } catch (error) {
      const name = nameOf(error);
      tally.loud.set(name, (tally.loud.get(name) ?? 0) + 1);
    }
    await nextTurn();
  }
  return tally;
}

function nameOf(error: unknown): string {
  if (error instanceof HdfsRefusal) return error.exception === '' ? `HTTP ${error.status}` : error.exception;
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message.slice(0, 60);
  return String(error);
}

/** A row of counts, as it is printed. */
export function tallyText({ reader, passes, wrong, loud }: ReaderTally): string {
  const failures = [...loud].map(([name, times]) => `${times} ${name}`).join(', ');
  return `${reader}: ${passes} passes right, ${wrong.length} silently wrong, loud: ${failures || 'none'}`;
}

/** Lists, then reads every file whole, whatever its length is by then. */
export const listThenRead: ReaderPass = async (address, target) => {
  const files = dataFilesOf(await listAll(address, target.partition));
  return await idsOf(address, target, files, (bytes) => bytes);
};

/** Lists, then goes by the lengths that were listed, as Spark does when it cuts its splits. */
export const listThenReadByLength: ReaderPass = async (address, target) => {
  const files = dataFilesOf(await listAll(address, target.partition));
  return await idsOf(address, target, files, (bytes, listed) => {
    if (bytes.length < listed.sizeBytes) throw new Error('file shorter than listed');
    return bytes.subarray(0, listed.sizeBytes);
  });
};

/** Lists page by page, then reads. */
export const pageThenRead: ReaderPass = async (address, target) => {
  const entries = await listPaged(address, target.partition);
  return await idsOf(address, target, dataFilesOf(entries), (bytes) => bytes);
};

/** All pages of a listing, one request each. */
export async function listPaged(
  address: HdfsAddress,
  directory: string,
  between: (page: number) => Promise<void> = async () => {},
): Promise<readonly ListedFile[]> {
  const entries: ListedFile[] = [];
  for (let page = 1; ; page++) {
    const found = await listPage(address, directory, entries.at(-1)?.name);
    entries.push(...found.entries);
    if (found.remaining === 0 || found.entries.length === 0) return entries;
    await between(page);
  }
}

async function idsOf(
  address: HdfsAddress,
  target: ReadTarget,
  files: readonly ListedFile[],
  part: (bytes: Buffer, listed: ListedFile) => Uint8Array,
): Promise<string | undefined> {
  const ids: number[] = [];
  for (const file of files) {
    const bytes = await readWhole(address, `${target.partition}/${file.name}`);
    ids.push(...(await idsIn(part(bytes, file))));
  }
  return everyIdOnce(ids, target.ids);
}

/**
 * Only lists. The inputs leave in their order and all that left are in the merged file, so a listing is right when the
 * inputs in it are the last ones, and a merged file is there as soon as the first is missing. While it is undone, the file of the
 * originals may lie beside it, as long as that has no rows.
 */
export const listOnly: ReaderPass = async (address, target) => {
  const listed = dataFilesOf(await listAll(address, target.partition));
  const names = listed.map(({ name }) => name);
  const inputs = target.inputs.filter((name) => names.includes(name));
  const others = names.filter((name) => !target.inputs.includes(name));
  const areLast = inputs.every((name, i) => name === target.inputs[target.inputs.length - inputs.length + i]);
  if (!areLast) return `${inputs.length} inputs are listed, and not the last ones`;
  const withRows = listed.filter((file) => others.includes(file.name) && !isWithoutRows(file, listed));
  if (withRows.length > 1) return `listed together: ${others.join(', ')}`;
  if (inputs.length < target.inputs.length && others.length === 0) {
    return `${inputs.length} of ${target.inputs.length} inputs are listed, and nothing in place of the others`;
  }
  return undefined;
};

/** True for the file that a merged one is about to be folded into: folded, it would be longer than that. */
function isWithoutRows({ name, sizeBytes }: ListedFile, listed: readonly ListedFile[]): boolean {
  const merged = listed.find((file) => file.name === name.replace('-undone.', '.'));
  return name.includes('-undone.') && merged !== undefined && sizeBytes < merged.sizeBytes;
}

/** A stream that was opened and is not read on for a while. */
export interface HeldStream {
  /** Reads on to its end. @throws when the stream breaks */
  readRest(): Promise<Buffer>;
}

/** Opens a file of HDFS and reads its first bytes. */
export function holdStream(address: HdfsAddress, path: string): Promise<HeldStream> {
  const query = `op=OPEN&user.name=${address.superuser}`;
  return new Promise((resolve, reject) => {
    const url = `http://${address.host}:${address.httpPort}/webhdfs/v1${encodeURI(path)}?${query}`;
    request(url, { agent: false }, (redirect) => {
      redirect.resume();
      const { location } = redirect.headers;
      if (location === undefined) return reject(new Error(`no redirect: ${redirect.statusCode}`));
      request(location, { agent: false }, (reply) => {
        if (reply.statusCode !== 200) return reject(new Error(`OPEN: ${reply.statusCode}`));
        const chunks: Buffer[] = [];
        const ended = new Promise<Buffer>((done, broke) => {
          reply.on('data', (chunk: Buffer) => chunks.push(chunk));
          reply.on('end', () => done(Buffer.concat(chunks)));
          reply.on('error', broke);
        });
        // Told by readRest.
        ended.catch(() => {});
        reply.once('data', () => {
          reply.pause();
          resolve({
            readRest() {
              reply.resume();
              return ended;
            },
          });
        });
      })
        .on('error', reject)
        .end();
    })
      .on('error', reject)
      .end();
  });
}
