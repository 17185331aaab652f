import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Starts HttpFS in front of this cluster; it ends with this process at the latest. */
export async function startHttpFs(cluster: HdfsCluster): Promise<HttpFs> {
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
    await cp(join(cluster.stateDirectory, 'conf', name), join(conf, name));
  }
  // Who starts HttpFS is the superuser, who may speak for everybody.
  const core = await readFile(join(conf, 'core-site.xml'), 'utf8');
  await writeFile(join(conf, 'core-site.xml'), core);
  const secret = join(conf, 'signature');
  await writeFile(secret, 'of the tests alone');
  await writeProperties(join(conf, 'httpfs-site.xml'), {
    'httpfs.http.hostname': '127.0.0.1',
    'httpfs.http.port': String(port),
    'httpfs.hadoop.config.dir': conf,
    'httpfs.authentication.signature.secret.file': secret,
    'hadoop.http.authentication.signature.secret.file': secret,
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
    ],
  });
  const stop = async (): Promise<void> => {
    await endProcess(process);
    await rm(state, { recursive: true, force: true });
  };
  try {
    await answering(port, process);
    const url = `http://127.0.0.1:${port}/webhdfs/v1/?op=GETFILESTATUS&user.name=${cluster.superuser}`;
    for (let tries = 0; (await fetch(url).catch(() => undefined))?.status !== 200; tries++) {
      if (tries > 300) throw new Error(`HttpFS does not answer, see ${state}/log`);
      await sleep(100);
    }
  } catch (error) {
    await endProcess(process);
    throw error;
  }
  return {
    host: '127.0.0.1',
    httpPort: port,
    superuser: cluster.superuser,
    webHdfsUri: `webhdfs://127.0.0.1:${port}`,
    stop,
  };
}
