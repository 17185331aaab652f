import { dirname, join } from 'node:path';
import type { HadoopConfiguration, HadoopValue } from './configuration.ts';
import { readProperties } from './property-files.ts';

/** What Hadoop's configuration says about how its cluster is to be spoken to, besides where. Plain data. */
export interface HadoopClientSettings {
  /** Absolute path of the directory it was read from. */
  readonly directory: string;
  /** Names of the name services it knows. */
  readonly nameServices: readonly string[];
  /** `hadoop.security.authentication` */
  readonly authentication: 'simple' | 'kerberos';
  /** The header that the cluster asks for on calls that change something (`dfs.webhdfs.rest-csrf.*`). */
  readonly csrfHeader?: { readonly name: string; readonly methodsToIgnore: readonly string[] };
  /** The file that Java's programs take certificate authorities from (`ssl.client.truststore.*` of `ssl-client.xml`). */
  readonly trustStore?: { readonly path: string; readonly source: string; readonly isPem: boolean };
  /** Where each of these was found, by a name that begins with `hdfs.`. */
  readonly sources: Readonly<Record<string, string>>;
}

/**
 * Takes from a configuration what counts for a client.
 * @throws ConfigError `hadoop-conf-unreadable`
 */
export async function clientSettings(
  hadoop: HadoopConfiguration,
  nameServices: readonly string[],
): Promise<HadoopClientSettings> {
  const security = hadoop.get('hadoop.security.authentication');
  const csrf = hadoop.get('dfs.webhdfs.rest-csrf.enabled');
  const header = hadoop.get('dfs.webhdfs.rest-csrf.custom-header');
  const hasCsrf = csrf?.value === 'true' && header !== undefined;
  const trustStore = await trustStoreOf(hadoop);
  return {
    directory: hadoop.directory,
    nameServices,
    authentication: security?.value.toLowerCase() === 'kerberos' ? 'kerberos' : 'simple',
    ...(hasCsrf
      ? {
          csrfHeader: {
            name: header.value,
            methodsToIgnore: hadoop
              .list('dfs.webhdfs.rest-csrf.methods-to-ignore')
              .map((method) => method.toUpperCase()),
          },
        }
      : {}),
    ...(trustStore === undefined ? {} : { trustStore }),
    sources: {
      ...sourced('hdfs.authentication', security),
      ...(hasCsrf ? sourced('hdfs.csrf_header', csrf) : {}),
      ...(trustStore === undefined ? {} : { 'hdfs.trust_store': trustStore.source }),
    },
  };
}

function sourced(name: string, value: HadoopValue | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value.source };
}

async function trustStoreOf(hadoop: HadoopConfiguration): Promise<HadoopClientSettings['trustStore']> {
  const name = hadoop.get('hadoop.ssl.client.conf')?.value;
  if (name === undefined) return undefined;
  const path = join(hadoop.directory, name);
  const properties = (await readProperties(path)) ?? [];
  const last = (key: string) => properties.findLast((property) => property.name === key);
  const location = last('ssl.client.truststore.location');
  if (location === undefined || location.value === '') return undefined;
  const type = last('ssl.client.truststore.type')?.value.toLowerCase() ?? 'jks';
  return {
    path: location.value.startsWith('/') ? location.value : join(dirname(path), location.value),
    source: `${location.source}: ${location.name}`,
    isPem: type === 'pem' || /\.(pem|crt)$/i.test(location.value),
  };
}
