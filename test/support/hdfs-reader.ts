import { createHash } from 'node:crypto';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { type HdfsAddress, hdfs, hdfsJson } from './hdfs-request.ts';

/**
 * A reader of date partitions as query engines are: it lists, takes what is data, opens, reads. It shares no code with
 * the product: requests of its own, and hyparquet.
 */

/** One entry of a directory. */
export interface ListedFile {
  readonly name: string;
  readonly type: 'FILE' | 'DIRECTORY';
  readonly sizeBytes: number;
  readonly fileId: number;
  readonly modifiedAtMs: number;
  readonly owner: string;
  readonly group: string;
  /** Octal digits. */
  readonly permission: string;
  readonly replication: number;
}

/** What was read of a partition. */
export interface PartitionRead {
  /** Names of the data files, in name order. */
  readonly files: readonly string[];
  /** `policy_id` of every row, as read. */
  readonly ids: readonly number[];
}

/** Everything in a directory, hidden entries included. @throws HdfsRefusal */
export async function listAll(address: HdfsAddress, directory: string): Promise<readonly ListedFile[]> {
  const reply = await hdfsJson(address, { method: 'GET', op: 'LISTSTATUS', path: directory });
  return statusesIn(reply);
}

/** The entries behind `startAfter` that fit into one page (1,000 unless the NameNode is told otherwise). */
export async function listPage(
  address: HdfsAddress,
  directory: string,
  startAfter: string | undefined,
): Promise<{ readonly entries: readonly ListedFile[]; readonly remaining: number }> {
  const reply = (await hdfsJson(address, {
    method: 'GET',
    op: 'LISTSTATUS_BATCH',
    path: directory,
    ...(startAfter === undefined ? {} : { params: { startAfter } }),
  })) as { DirectoryListing: { partialListing: unknown; remainingEntries: number } };
  const { partialListing, remainingEntries } = reply.DirectoryListing;
  return { entries: statusesIn(partialListing), remaining: remainingEntries };
}

interface RawStatus {
  readonly pathSuffix: string;
  readonly type: 'FILE' | 'DIRECTORY';
  readonly length: number;
  readonly fileId: number;
  readonly modificationTime: number;
  readonly owner: string;
  readonly group: string;
  readonly permission: string;
  readonly replication: number;
}

function statusesIn(reply: unknown): readonly ListedFile[] {
  const { FileStatuses } = reply as { FileStatuses: { FileStatus: readonly RawStatus[] } };
  return FileStatuses.FileStatus.map((status) => ({
    name: status.pathSuffix,
    type: status.type,
    sizeBytes: status.length,
    fileId: status.fileId,
    modifiedAtMs: status.modificationTime,
    owner: status.owner,
    group: status.group,
    permission: status.permission,
    replication: status.replication,
  }));
}

/** What Spark and Hive take for data: files whose names start with neither `_` nor `.`. */
export function dataFilesOf(entries: readonly ListedFile[]): readonly ListedFile[] {
  return entries.filter(
    ({ type, name }) => type === 'FILE' && !name.startsWith('_') && !name.startsWith('.'),
  );
}

/** The bytes of a file, whole. @throws HdfsRefusal, or whatever broke the connection */
export async function readWhole(address: HdfsAddress, path: string): Promise<Buffer> {
  return (await hdfs(address, { method: 'GET', op: 'OPEN', path })).body;
}

/** Lists a partition, then opens and reads one file after the other. @throws whatever goes wrong, so loudly */
export async function readPartition(address: HdfsAddress, partition: string): Promise<PartitionRead> {
  const files = dataFilesOf(await listAll(address, partition));
  const ids: number[] = [];
  for (const { name } of files) ids.push(...(await idsIn(await readWhole(address, `${partition}/${name}`))));
  return { files: files.map(({ name }) => name), ids };
}

/** `policy_id` of every row of a Parquet file, in its order. */
export async function idsIn(bytes: Uint8Array): Promise<readonly number[]> {
  const rows = await rowsIn(bytes, ['policy_id']);
  return rows.map((row) => Number(row.policy_id));
}

/** Number of rows that the footer of a Parquet file tells of. */
export function footerRows(bytes: Uint8Array): number {
  return Number(parquetMetadata(bufferOf(bytes)).num_rows);
}

/** A digest of every value of every row of a partition's files, whatever the files and their order. */
export async function valuesDigest(address: HdfsAddress, partition: string): Promise<string> {
  const files = dataFilesOf(await listAll(address, partition));
  const lines: string[] = [];
  for (const { name } of files) {
    for (const row of await rowsIn(await readWhole(address, `${partition}/${name}`), undefined)) {
      lines.push(
        JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      );
    }
  }
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

function rowsIn(bytes: Uint8Array, columns: string[] | undefined): Promise<Record<string, unknown>[]> {
  const file = bufferOf(bytes);
  return parquetReadObjects({ file, ...(columns === undefined ? {} : { columns }) });
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Undefined when the ids are the expected ones, each once; else a sentence that says what is wrong. */
export function everyIdOnce(ids: readonly number[], expected: ReadonlySet<number>): string | undefined {
  const found = new Set(ids);
  const missing = [...expected].filter((id) => !found.has(id)).length;
  const foreign = [...found].filter((id) => !expected.has(id)).length;
  const doubled = ids.length - found.size;
  if (missing + doubled + foreign === 0) return undefined;
  return `of ${expected.size} rows ${missing} are missing, ${doubled} are there once more, ${foreign} are others`;
}
