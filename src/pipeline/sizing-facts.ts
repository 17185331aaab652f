import { mapConcurrently } from '../core/concurrency.ts';
import { FormatError, StoreError } from '../core/errors.ts';
import { dateOf } from '../core/partition-key.ts';
import { readFooter } from '../parquet/footer.ts';
import { notDataByName } from '../partition/data-names.ts';
import { defaultLayout } from '../partition/layout.ts';
import { listPartitions, type PartitionDirectory } from '../partition/list-partitions.ts';
import { isMergedName } from '../partition/names.ts';
import { lookedIntoShare } from '../partition/row-group-bounds.ts';
import type { MergedFileFacts, PartitionFacts, SizingFacts } from '../plan/choose-size.ts';
import { type FileStatus, refOf } from '../store/store.ts';
import { readIfReadable } from '../swap/receipts.ts';
import { receiptPlaces } from '../telemetry/history/receipt-places.ts';
import type { DatasetTask } from './partition-task.ts';

/** The newest so many partitions count: two weeks of days. */
const partitionsLooked = 14;
/** Of so many of the newest merged files the footers are read. */
const filesLooked = 3;
/** Receipts of a partition that are read, the newest first. */
const receiptsLooked = 3;
/** Partitions looked at at the same time. */
const atOnce = 4;

/**
 * What the size of a dataset's files is chosen by: the newest partitions before today, by their listings and what the receipts say
 * their merged files were made of, and the row groups of the newest merged files.
 * @throws ConfigError `base-path-absent`; StoreError when the store fails; the reason of `task.stop`
 */
export async function sizingFacts(
  task: Pick<DatasetTask, 'store' | 'basePath' | 'layout' | 'settings' | 'today' | 'stop'>,
): Promise<SizingFacts> {
  const { store, basePath, layout = defaultLayout, today, settings } = task;
  const { consolidation, compression } = settings;
  const all = await listPartitions({ store, basePath, layout, stop: task.stop });
  const newest = all
    .filter(({ key }) => dateOf(key) < today)
    .slice(-partitionsLooked)
    .reverse();
  const looked = await mapConcurrently(newest, atOnce, (directory) => lookAt(task, directory));
  const queryColumns = consolidation.queryColumns ?? [];
  const merged = looked.flatMap(({ files }) => files).slice(0, filesLooked);
  const files: MergedFileFacts[] = [];
  // Nothing is asked of files where nobody said what queries look for.
  for (const file of queryColumns.length === 0 ? [] : merged) {
    const facts = await factsOf(task, file, queryColumns);
    if (facts !== undefined) files.push(facts);
  }
  return {
    partitions: looked.flatMap(({ facts }) => (facts.sizeBytes === 0 ? [] : [facts])),
    files,
    queryColumns,
    rowGroupRows: compression.rowGroupRows,
    rowGroupRowsSaid: compression.areRowGroupRowsSaid === true,
  };
}

async function lookAt(
  { store, basePath, stop }: Pick<DatasetTask, 'store' | 'basePath' | 'stop'>,
  { key, status }: PartitionDirectory,
): Promise<{ readonly facts: PartitionFacts; readonly files: readonly FileStatus[] }> {
  stop.throwIfAborted();
  const entries = (await store.list(status.path)) ?? [];
  const data = entries.filter(({ name, kind }) => notDataByName(name, kind) === undefined);
  const merged = data.filter(({ name }) => isMergedName(name));
  const madeOf = merged.length === 0 ? new Map<string, number>() : await madeOfBytes(store, basePath, key);
  const sizeBytes = data.reduce((sum, file) => sum + Math.max(file.sizeBytes, madeOf.get(file.name) ?? 0), 0);
  return { facts: { partition: key, sizeBytes }, files: merged };
}

/** By the names of merged files, the bytes of the small files they were made of, as the newest receipts say. */
async function madeOfBytes(
  store: DatasetTask['store'],
  basePath: string,
  key: string,
): Promise<ReadonlyMap<string, number>> {
  const places = await receiptPlaces({ store, basePath, key });
  const newest = places.toSorted((a, b) => (a.runId < b.runId ? 1 : -1)).slice(0, receiptsLooked);
  const bytes = new Map<string, number>();
  for (const { path } of newest) {
    // A damaged one says nothing here; whoever settles runs says so.
    const receipt = await readIfReadable(store, path, () => {});
    if (receipt === undefined || receipt === 'unreadable') continue;
    for (const { name, binIndex } of receipt.added) {
      const bin = receipt.plan?.bins.find(({ index }) => index === binIndex);
      if (bin !== undefined) bytes.set(name, bin.inputSizeBytes);
    }
  }
  return bytes;
}

/** Undefined for a file that is gone meanwhile, or that cannot be read: planning says why. */
async function factsOf(
  { store }: Pick<DatasetTask, 'store'>,
  file: FileStatus,
  queryColumns: readonly string[],
): Promise<MergedFileFacts | undefined> {
  try {
    const { name, sizeBytes } = file;
    const source = await store.open(file.path, refOf(file));
    try {
      const footer = await readFooter(source);
      const shares = queryColumns.flatMap((column): [string, number][] => {
        const share = lookedIntoShare(footer, column);
        return share === undefined ? [] : [[column, share]];
      });
      const { rows, rowGroups, leaves } = footer;
      return {
        name,
        sizeBytes,
        rows,
        rowGroups: rowGroups.length,
        columns: leaves.length,
        lookedInto: Object.fromEntries(shares),
      };
    } finally {
      await source.close();
    }
  } catch (error) {
    const isItsOwn =
      error instanceof FormatError ||
      (error instanceof StoreError && (error.code === 'not-found' || error.code === 'changed'));
    if (!isItsOwn) throw error;
    return undefined;
  }
}
