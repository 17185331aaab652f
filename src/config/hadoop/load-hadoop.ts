import { homedir, userInfo } from 'node:os';
import { clientSettings, type HadoopClientSettings } from './client-settings.ts';
import { type HadoopConfiguration, readHadoopConfiguration } from './configuration.ts';
import { nameServices } from './name-services.ts';

/** Hadoop's configuration, and what it says about how its cluster is to be spoken to. */
export interface LoadedHadoop {
  readonly configuration: HadoopConfiguration;
  readonly client: HadoopClientSettings;
}

/**
 * Reads the configuration of a directory.
 * @param directory absolute path
 * @param origin what named it, for messages
 * @throws ConfigError `hadoop-conf-unreadable`
 */
export async function loadHadoop(
  directory: string,
  origin: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LoadedHadoop> {
  const configuration = await readHadoopConfiguration(directory, origin, {
    env,
    properties: { 'user.name': userName(), 'user.home': homedir() },
  });
  return { configuration, client: await clientSettings(configuration, nameServices(configuration)) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no account has, which Java calls so.
    return '?';
  }
}
