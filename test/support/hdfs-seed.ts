import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoFiles } from '../../src/cli/demo/demo-files.ts';
import { telemetryRows } from '../../src/cli/demo/vehicle-telemetry.ts';
import { writeTelemetryFile } from '../../src/cli/demo/write-telemetry-file.ts';
import { mapConcurrently } from '../../src/core/concurrency.ts';
import { type HdfsAddress, hdfs } from './hdfs-request.ts';

/** A Parquet file to be put somewhere. */
export interface SmallFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** `policy_id` of its rows. */
  readonly ids: readonly number[];
}

/** Time by which a partition counts as settled. */
export const settledMs = 2 * 86_400_000;

const firstOpenedMs = Date.UTC(2025, 7, 15, 1, 0, 0, 0);

/**
 * Telemetry files of different rows, in name order, the same on every call. `policy_id` is the row's number: file i
 * has i × `rowsPerFile` up to, but not including, (i + 1) × `rowsPerFile`, so that a lost or doubled row can be told.
 */
export async function smallFiles(
  count: number,
  options: { readonly rowsPerFile?: number; readonly first?: number } = {},
): Promise<readonly SmallFile[]> {
  const { rowsPerFile = 20, first = 0 } = options;
  const directory = await mkdtemp(join(tmpdir(), 'consolidator-seed-'));
  const path = join(directory, 'small.parquet');
  const files: SmallFile[] = [];
  try {
    for (let i = first; i < first + count; i++) {
      const startMs = firstOpenedMs + i * 7_000;
      const rows = telemetryRows({ seed: 7 + i, rows: rowsPerFile, startMs, spanSeconds: 60 }).map(
        (row, k) => ({
          ...row,
          policy_id: BigInt(i * rowsPerFile + k),
        }),
      );
      await writeTelemetryFile(path, rows);
      const name = `telemetry-${String(i).padStart(5, '0')}-writer-${'ABC'.charAt(i % 3)}-${startMs}.parquet`;
      const ids = rows.map((row) => Number(row.policy_id));
      files.push({ name, bytes: await readFile(path), rows: rows.length, ids });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  return files;
}

/** The 21 files of the demo. */
export async function demoPartitionFiles(): Promise<readonly SmallFile[]> {
  const directory = await mkdtemp(join(tmpdir(), 'consolidator-seed-'));
  const path = join(directory, 'small.parquet');
  const files: SmallFile[] = [];
  try {
    for (const file of demoFiles()) {
      const rows = telemetryRows({ ...file, startMs: file.openedAtMs });
      await writeTelemetryFile(path, rows);
      const ids = rows.map((row) => Number(row.policy_id));
      files.push({ name: file.name, bytes: await readFile(path), rows: rows.length, ids });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  return files;
}

/** Where and how files are put. */
export interface Seeding {
  /** Full path of the directory; made where it is not there. */
  readonly partition: string;
  readonly files: readonly SmallFile[];
  /** How long ago files and directory were last modified, by this machine's clock. Default: {@link settledMs}. */
  readonly ageMs?: number;
  /** Who writes them, and thus owns them; default: the superuser. */
  readonly user?: string;
  readonly blockSizeBytes?: number;
  /** Default 32. */
  readonly concurrency?: number;
}

/** Puts files into a directory of HDFS and sets their times; what else lies there stays. */
export async function seedPartition(address: HdfsAddress, seeding: Seeding): Promise<void> {
  const { partition, files, ageMs = settledMs, concurrency = 32, blockSizeBytes } = seeding;
  const as = seeding.user === undefined ? {} : { user: seeding.user };
  await hdfs(address, { method: 'PUT', op: 'MKDIRS', path: partition, ...as });
  await mapConcurrently(files, concurrency, async (file) => {
    const path = `${partition}/${file.name}`;
    await putFile(address, path, file.bytes, {
      ...as,
      ...(blockSizeBytes === undefined ? {} : { blockSizeBytes }),
    });
    await setAge(address, path, ageMs);
  });
  await setAge(address, partition, ageMs);
}

/** Writes a file, in the place of one that is there. */
export async function putFile(
  address: HdfsAddress,
  path: string,
  bytes: Uint8Array,
  options: { readonly user?: string; readonly blockSizeBytes?: number } = {},
): Promise<void> {
  await hdfs(address, {
    method: 'PUT',
    op: 'CREATE',
    path,
    body: bytes,
    params: {
      overwrite: true,
      ...(options.blockSizeBytes === undefined ? {} : { blocksize: options.blockSizeBytes }),
    },
    ...(options.user === undefined ? {} : { user: options.user }),
  });
}

/** Sets the modification time of a file or directory so long back. */
export async function setAge(address: HdfsAddress, path: string, ageMs: number): Promise<void> {
  const params = { modificationtime: Date.now() - ageMs, accesstime: -1 };
  await hdfs(address, { method: 'PUT', op: 'SETTIMES', path, params });
}
