import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A directory for one test, deleted at its end. */
export async function tempDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'consolidator-partition-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes files by their relative paths; a path that ends in `/` is a directory. */
export async function writeTree(
  root: string,
  tree: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const full = join(root, path);
    await mkdir(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) await writeFile(full, content);
  }
}

/** Sets the modification time. */
export async function setModified(path: string, modifiedAtMs: number): Promise<void> {
  await utimes(path, modifiedAtMs / 1000, modifiedAtMs / 1000);
}
