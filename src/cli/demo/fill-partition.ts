import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { msPerDay } from '../../core/units.ts';
import { type DemoFile, demoFiles } from './demo-files.ts';
import { telemetryRows } from './vehicle-telemetry.ts';
import { writeTelemetryFile } from './write-telemetry-file.ts';

/** Age at which a partition counts as settled. */
export const settledMs = 2 * msPerDay;

/**
 * Fills a new partition directory with small telemetry files.
 *
 * @param ageMs how long ago the files and the directory were last modified, so that they pass for settled or for fresh
 * @returns the files, in name order
 */
export async function fillPartition(args: {
  readonly directory: string;
  readonly ageMs: number;
  readonly files?: readonly DemoFile[];
}): Promise<readonly DemoFile[]> {
  const files = args.files ?? demoFiles();
  await mkdir(args.directory, { recursive: true });
  const modifiedAt = new Date(Date.now() - args.ageMs);
  for (const file of files) {
    const path = join(args.directory, file.name);
    await writeTelemetryFile(path, telemetryRows({ ...file, startMs: file.openedAtMs }));
    await utimes(path, modifiedAt, modifiedAt);
  }
  await utimes(args.directory, modifiedAt, modifiedAt);
  return files;
}
