import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Property, readProperties, unreadable } from './property-files.ts';

/** A value of Hadoop's configuration, with its variables replaced. */
export interface HadoopValue {
  /** Trimmed; not empty. */
  readonly value: string;
  /** `/etc/hadoop/conf/hdfs-site.xml:12: dfs.nameservices`, or `Hadoop's default of dfs.http.policy`. */
  readonly source: string;
}

/** What a directory of Hadoop's configuration says. */
export interface HadoopConfiguration {
  /** Absolute path. */
  readonly directory: string;
  /**
   * The value of a key; undefined where no file has one, an empty one is none.
   * @throws ConfigError `hadoop-conf-unreadable` when its variables lead in a circle
   */
  get(key: string): HadoopValue | undefined;
  /** The values between the commas; empty where there is none. */
  list(key: string): readonly string[];
}

/** What variables are replaced by. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Java's system properties that files use, such as `user.name`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** As Hadoop loads them: what comes later wins, unless the earlier is final. */
const files = ['core-site.xml', 'hdfs-site.xml'] as const;

/** What `core-default.xml` and `hdfs-default.xml` say of the keys that count here. */
const defaults: Readonly<Record<string, string>> = {
  'fs.defaultFS': 'file:///',
  'dfs.http.policy': 'HTTP_ONLY',
  'dfs.namenode.http-address': '0.0.0.0:9870',
  'dfs.namenode.https-address': '0.0.0.0:9871',
  'hadoop.security.authentication': 'simple',
  'dfs.webhdfs.rest-csrf.enabled': 'false',
  'dfs.webhdfs.rest-csrf.custom-header': 'X-XSRF-HEADER',
  'dfs.webhdfs.rest-csrf.methods-to-ignore': 'GET,OPTIONS,HEAD,TRACE',
  'hadoop.ssl.client.conf': 'ssl-client.xml',
};

/** Old names of keys (`HdfsConfiguration`, `CommonConfigurationKeys`), by the new one. */
const oldNames: Readonly<Record<string, string>> = {
  'fs.default.name': 'fs.defaultFS',
  'dfs.http.address': 'dfs.namenode.http-address',
  'dfs.https.address': 'dfs.namenode.https-address',
  'dfs.federation.nameservices': 'dfs.nameservices',
};

/**
 * Reads `core-site.xml` and `hdfs-site.xml` of a directory.
 * @param directory absolute path
 * @param origin what named the directory, for messages: `environment variable HADOOP_CONF_DIR`
 * @throws ConfigError `hadoop-conf-unreadable`
 */
export async function readHadoopConfiguration(
  directory: string,
  origin: string,
  surroundings: Surroundings,
): Promise<HadoopConfiguration> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw unreadable(
      `${origin} names ${directory} as Hadoop's configuration, which is ${found === undefined ? 'not there' : 'no directory'}`,
    );
  }
  const read = await Promise.all(files.map((name) => readProperties(join(directory, name))));
  if (read.every((properties) => properties === undefined)) {
    throw unreadable(
      `${origin} names ${directory} as Hadoop's configuration, but neither ${files.join(' nor ')} is there`,
    );
  }
  return configurationOf(
    directory,
    read.flatMap((properties) => properties ?? []),
    surroundings,
  );
}

/** The configuration that these properties, in the order of loading, make up. */
export function configurationOf(
  directory: string,
  properties: readonly Property[],
  surroundings: Surroundings,
): HadoopConfiguration {
  const stated = new Map<string, Property>();
  for (const property of properties) {
    const name = oldNames[property.name] ?? property.name;
    if (stated.get(name)?.isFinal !== true) stated.set(name, property);
  }
  const rawOf = (key: string): string | undefined => stated.get(key)?.value ?? defaults[key];

  const get = (key: string): HadoopValue | undefined => {
    const property = stated.get(key);
    const source =
      property === undefined ? `Hadoop's default of ${key}` : `${property.source}: ${property.name}`;
    const raw = rawOf(key);
    if (raw === undefined) return undefined;
    const value = replaced(raw, [key], source, rawOf, surroundings).trim();
    return value === '' ? undefined : { value, source };
  };
  return {
    directory,
    get,
    list: (key) =>
      (get(key)?.value ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
  };
}

/**
 * Replaces `${user.name}`, `${env.X}`, `${env.X:-default}` (when X is not set or empty), `${env.X-default}` (when it is
 * not set) and `${another.key}`, in this order, as `Configuration.substituteVars` does. What is not known stays as it is.
 */
function replaced(
  text: string,
  keys: readonly string[],
  source: string,
  rawOf: (key: string) => string | undefined,
  surroundings: Surroundings,
): string {
  return text.replaceAll(/\$\{([^{}$\s]+)\}/g, (whole, name: string) => {
    const known = variable(name, surroundings);
    if (known !== undefined) return known;
    const raw = rawOf(name);
    if (raw === undefined) return whole;
    if (keys.includes(name)) {
      throw unreadable(
        `${source} is ${JSON.stringify(text)}: ${[...keys, name].join(' → ')} leads in a circle`,
      );
    }
    return replaced(raw, [...keys, name], source, rawOf, surroundings);
  });
}

function variable(name: string, { env, properties }: Surroundings): string | undefined {
  if (!name.startsWith('env.')) return properties[name];
  const [, variableName = '', separator, standIn] = /^env\.([^:-]+)(?:(:?-)(.*))?$/s.exec(name) ?? [];
  const value = env[variableName];
  if (value !== undefined && (value !== '' || separator === '-')) return value;
  return separator === undefined ? value : standIn;
}
