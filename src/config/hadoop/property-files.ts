import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../core/errors.ts';
import { type Element, readXml } from './xml-file.ts';

/** A property as a file states it. */
export interface Property {
  readonly name: string;
  /** Variables are not replaced yet. */
  readonly value: string;
  /** No later file may change it. */
  readonly isFinal: boolean;
  /** `path:line` */
  readonly source: string;
}

/** Deeper nesting is a mistake. */
const maxIncludes = 16;

/**
 * The properties of a file of Hadoop's configuration, in order, those of included files in their place
 * (`Configuration.Parser`).
 * @param path absolute path
 * @returns undefined when there is no such file
 * @throws ConfigError `hadoop-conf-unreadable` with file and line
 */
export async function readProperties(path: string): Promise<readonly Property[] | undefined> {
  return await readWithin(path, []);
}

async function readWithin(
  path: string,
  includedBy: readonly string[],
): Promise<readonly Property[] | undefined> {
  if (includedBy.includes(path) || includedBy.length > maxIncludes) {
    throw unreadable(`${[...includedBy, path].join(' includes ')}: files include each other in a circle`);
  }
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw unreadable(
      `cannot read ${path}, a file of Hadoop's configuration: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  // A byte order mark is no text.
  const root = readXml(text.replace(/^\uFEFF/, ''));
  if ('message' in root) throw unreadable(`${path}:${root.line}: ${root.message}`);
  if (root.name !== 'configuration') {
    throw unreadable(
      `${path}:${root.line}: the file is a <${root.name}>; a file of Hadoop is a <configuration>`,
    );
  }
  return await propertiesIn(root, path, includedBy);
}

async function propertiesIn(
  parent: Element,
  path: string,
  includedBy: readonly string[],
): Promise<readonly Property[]> {
  const found: Property[] = [];
  for (const child of parent.children) {
    if (child.name === 'property') found.push(...propertyOf(child, path));
    else if (child.name === 'include') found.push(...(await included(child, path, includedBy)));
    else if (child.name === 'configuration') found.push(...(await propertiesIn(child, path, includedBy)));
  }
  return found;
}

/** A property without a name or a value states nothing. */
function propertyOf(element: Element, path: string): readonly Property[] {
  const part = (name: string): string | undefined =>
    element.attributes[name] ?? element.children.find((child) => child.name === name)?.text;
  const name = part('name')?.trim() ?? '';
  const value = part('value')?.trim();
  if (name === '' || value === undefined) return [];
  return [{ name, value, isFinal: part('final')?.trim() === 'true', source: `${path}:${element.line}` }];
}

async function included(
  element: Element,
  path: string,
  includedBy: readonly string[],
): Promise<readonly Property[]> {
  const place = `${path}:${element.line}`;
  const href = element.attributes.href ?? '';
  if (href === '') throw unreadable(`${place}: an include without href`);
  if (/^https?:|^jar:/i.test(href)) {
    throw unreadable(`${place}: includes ${href}; only files of this machine are read`);
  }
  const target = /^file:/i.test(href) ? fileURLToPath(new URL(href)) : resolve(dirname(path), href);
  const properties = await readWithin(target, [...includedBy, path]);
  if (properties !== undefined) return properties;
  const fallback = element.children.find((child) => child.name === 'fallback');
  if (fallback !== undefined) return await propertiesIn(fallback, path, includedBy);
  throw unreadable(`${place}: includes ${target}, which does not exist, and has no fallback`);
}

/** The error of a configuration that cannot be understood. */
export function unreadable(message: string, cause?: unknown): ConfigError {
  return new ConfigError(message, {
    code: 'hadoop-conf-unreadable',
    hint: 'Correct the file, or name another directory with --hadoop-conf or HADOOP_CONF_DIR.',
    dataState: 'nothing was touched',
    ...(cause === undefined ? {} : { cause }),
  });
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
