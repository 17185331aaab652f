import { ConfigError } from '../core/errors.ts';
import { isDate, isRelativePath, partitionKey, relativePathOf } from '../core/partition-key.ts';

/** Longest name of a directory, in bytes, that file systems and HDFS take. */
const longestName = 255;
const prefix = 'part-';

/**
 * Name of the directory below the workspace that holds everything about a partition: its date, or `part-` and the path with every
 * byte but letters, digits, `.`, `_` and `-` as `~XX`.
 * @throws ConfigError `partition-path-too-long`
 */
export function directoryNameOf(key: string): string {
  if (isDate(key)) return key;
  const relativePath = relativePathOf(key);
  const name = prefix + encode(relativePath);
  if (name.length <= longestName) return name;
  throw new ConfigError(
    `the partition ${relativePath} has too long a path: its directory below _consolidation would have a name of ${name.length} bytes, at most ${longestName} are possible`,
    {
      code: 'partition-path-too-long',
      hint: 'Begin the dataset deeper: a --base-path further down makes the path below it shorter.',
      dataState: 'nothing was touched',
    },
  );
}

/** The path below the base that {@link directoryNameOf} made this name of; undefined for any other name. */
export function parseDirectoryName(name: string): string | undefined {
  if (isDate(name)) return `date=${name}`;
  if (!name.startsWith(prefix)) return undefined;
  const relativePath = decode(name.slice(prefix.length));
  if (relativePath === undefined || !isRelativePath(relativePath)) return undefined;
  return directoryNameOf(partitionKey('', relativePath)) === name ? relativePath : undefined;
}

function encode(text: string): string {
  const code = (byte: number): string => `~${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return [...Buffer.from(text, 'utf8')]
    .map((byte) =>
      /[A-Za-z0-9._-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : code(byte),
    )
    .join('');
}

function decode(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._-]|~[0-9A-F]{2})*$/.test(text)) return undefined;
  const bytes = (text.match(/~..|./g) ?? []).map((piece) =>
    piece.length === 1 ? piece.charCodeAt(0) : Number.parseInt(piece.slice(1), 16),
  );
  return Buffer.from(bytes).toString('utf8');
}
