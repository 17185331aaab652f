import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { hadoopJars } from './hadoop-process.ts';
import { HdfsUnavailable } from './hdfs-daemons.ts';

const run = promisify(execFile);

/** Published jars that are fetched together, with all that they need. */
export interface JarSet {
  /** What the directory is called, version included. */
  readonly name: string;
  /** `group:artifact:version` */
  readonly artifacts: readonly string[];
  /** `group:artifact`, either of them `*`: not to be fetched, whoever needs it. */
  readonly without: readonly string[];
  /** Makes the fetched directory ready before others can see it. */
  readonly prepare?: (directory: string) => Promise<void>;
}

/**
 * The directory with these jars, beside those of Hadoop; Maven fetches them, once.
 * @throws HdfsUnavailable when they cannot be had
 */
export async function mavenJars({ name, artifacts, without, prepare }: JarSet): Promise<string> {
  const { directory } = await hadoopJars();
  const jars = join(dirname(directory), name);
  if (existsSync(jars)) return jars;
  const made = await mkdtemp(`${jars}-`);
  const exclusions = without.map((pair) => {
    const [group, artifact] = pair.split(':');
    return `<exclusion><groupId>${group}</groupId><artifactId>${artifact}</artifactId></exclusion>`;
  });
  const dependencies = artifacts.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(':');
    return (
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>` +
      `<exclusions>${exclusions.join('')}</exclusions></dependency>`
    );
  });
  const pom = join(made, 'pom.xml');
  await writeFile(
    pom,
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
      `<groupId>parquet-consolidator</groupId><artifactId>${name}</artifactId><version>1</version><packaging>pom</packaging>` +
      `<dependencies>${dependencies.join('')}</dependencies></project>`,
  );
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
  try {
    try {
      await run('mvn', ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${join(made, 'lib')}`]);
    } catch (error) {
      throw new HdfsUnavailable(
        `${name} cannot be fetched: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    await prepare?.(join(made, 'lib'));
    await rename(join(made, 'lib'), jars);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return jars;
}
