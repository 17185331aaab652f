import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addPartition, parquetNames, settle } from '../cli/dataset.ts';

/** Adds a partition whose consolidation fails: the pages of its first file are damaged. @returns its date */
export async function damagedPartition(basePath: string, day = '2025-08-14'): Promise<string> {
  const partition = await addPartition(basePath, day);
  const victim = join(partition, (await parquetNames(partition))[0] ?? '');
  const bytes = await readFile(victim);
  bytes.fill(0xff, 60, 400);
  await writeFile(victim, bytes);
  await settle(partition);
  return day;
}
