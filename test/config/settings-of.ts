import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { ConfigError } from '../../src/core/errors.ts';

/** What a test configures; relative paths of flags and environment start from `/work-dir`. */
export interface Configured {
  readonly yaml?: string;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** The settings, or the message of the ConfigError with the file's path as `FILE` and its directory as `DIR`. */
export async function settingsOf({ yaml, flags = {}, env = {} }: Configured): Promise<Settings | string> {
  const directory = await mkdtemp(join(tmpdir(), 'consolidator-config-'));
  const configPath = join(directory, 'c.yaml');
  try {
    if (yaml !== undefined) await writeFile(configPath, yaml);
    const file = yaml === undefined ? {} : { configPath };
    const settings = await loadSettings({ flags, env, currentDirectory: '/work-dir', ...file });
    return JSON.parse(JSON.stringify(settings).replaceAll(configPath, 'FILE').replaceAll(directory, '/DIR'));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(configPath, 'FILE').replaceAll(directory, '/DIR');
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Like {@link settingsOf}, for configurations that must load. */
export async function loaded(configured: Configured): Promise<Settings> {
  const settings = await settingsOf(configured);
  if (typeof settings === 'string') throw new Error(`did not load: ${settings}`);
  return settings;
}
