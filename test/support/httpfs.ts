import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  endProcess,
  extraJar,
  hadoopJars,
  logSettings,
  startJava,
  writeProperties,
} from './hadoop-process.ts';
import type { HdfsCluster } from './hdfs-daemons.ts';
import type { HdfsAddress } from './hdfs-request.ts';
import { answering, freePort } from './kerberos-realm.ts';

/** An HttpFS gateway, the real one, in front of an HDFS. */
export interface HttpFs extends HdfsAddress {
  /** `webhdfs://127.0.0.1:port` */
  readonly webHdfsUri: string;
  stop(): Promise<void>;
}

/** What HttpFS needs to know of the cluster behind it. */
export interface BehindHttpFs {
  /** Hadoop's configuration directory. */
  readonly configDirectory: string;
  readonly superuser: string;
  /** `127.0.0.1` unless told. */
  readonly host?: string;
  /** Of httpfs-site.xml, in addition. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly javaOptions?: readonly string[];
}

/** Starts HttpFS in front of this cluster, whose superuser must be allowed to speak for others. */
export function startHttpFs(cluster: HdfsCluster): Promise<HttpFs> {
  const { superuser, stateDirectory } = cluster;
  return startHttpFsWith({ superuser, configDirectory: join(stateDirectory, 'conf') });
}

/** The same, told in detail; it ends with this process at the latest. */
export async function startHttpFsWith(behind: BehindHttpFs): Promise<HttpFs> {
  const { configDirectory, superuser, host = '127.0.0.1', properties = {}, javaOptions = [] } = behind;
  const jars = await hadoopJars();
  const own = [
    await extraJar(`org.apache.hadoop:hadoop-hdfs-httpfs:${jars.version}`),
    await extraJar('com.googlecode.json-simple:json-simple:1.1.1'),
  ];
  const state = await mkdtemp(join(tmpdir(), 'consolidator-httpfs-'));
  const conf = join(state, 'conf');
  const port = await freePort();
  for (const name of ['log', 'temp']) await mkdir(join(state, name));
  await mkdir(conf);
  for (const name of ['core-site.xml', 'hdfs-site.xml']) {
    await cp(join(configDirectory, name), join(conf, name));
  }
  const secret = join(conf, 'signature');
  await writeFile(secret, 'of the tests alone');
  await writeProperties(join(conf, 'httpfs-site.xml'), {
    'httpfs.http.hostname': host,
    'httpfs.http.port': String(port),
    'httpfs.hadoop.config.dir': conf,
    'httpfs.authentication.signature.secret.file': secret,
    'hadoop.http.authentication.signature.secret.file': secret,
    ...properties,
  });
  for (const name of ['log4j.properties', 'httpfs-log4j.properties']) {
    await writeFile(join(conf, name), logSettings);
  }
  const process = await startJava({
    main: 'org.apache.hadoop.fs.http.server.HttpFSServerWebServer',
    classPath: [conf, ...own, `${jars.directory}/lib/*`].join(':'),
    log: join(state, 'log/httpfs.log'),
    options: [
      `-Dhttpfs.home.dir=${state}`,
      `-Dhttpfs.config.dir=${conf}`,
      `-Dhttpfs.log.dir=${state}/log`,
      `-Dhttpfs.temp.dir=${state}/temp`,
      ...javaOptions,
    ],
  });
  const stop = async (): Promise<void> => {
    await endProcess(process);
    await rm(state, { recursive: true, force: true });
  };
  try {
    await answering(port, process);
    const url = `http://${host}:${port}/webhdfs/v1/?op=GETFILESTATUS&user.name=${superuser}`;
    for (
      let tries = 0;
      ![200, 401].includes((await fetch(url).catch(() => undefined))?.status ?? 0);
      tries++
    ) {
      if (tries > 300) throw new Error(`HttpFS does not answer, see ${state}/log`);
      await sleep(100);
    }
  } catch (error) {
    await endProcess(process);
    throw error;
  }
  return {
    host,
    httpPort: port,
    superuser,
    webHdfsUri: `webhdfs://${host}:${port}`,
    stop,
  };
}
