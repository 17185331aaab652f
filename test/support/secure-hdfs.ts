import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, hadoopJars, logSettings, startJava, writeProperties } from './hadoop-process.ts';
import type { HdfsAddress } from './hdfs-request.ts';
import { answering, freePort, type KerberosRealm } from './kerberos-realm.ts';
import { type SecureSettings, secureSettings } from './secure-settings.ts';

/** An HDFS that believes nobody without Kerberos. As an address it is asked as its superuser. */
export interface SecureHdfs extends HdfsAddress {
  readonly host: 'localhost';
  /** `webhdfs://localhost:port` */
  readonly webHdfsUri: string;
  /** Its Hadoop configuration directory. */
  readonly configDirectory: string;
  readonly keys: SecureSettings['superuser'];
  readonly nameNodeLog: () => Promise<string>;
  stop(): Promise<void>;
}

/** Starts NameNode and DataNode with the keys of `realm`. Both end with this process at the latest. */
export async function startSecureHdfs(
  realm: KerberosRealm,
  properties: Readonly<Record<string, string>> = {},
): Promise<SecureHdfs> {
  const jars = await hadoopJars();
  const state = await mkdtemp(join(tmpdir(), 'consolidator-secure-'));
  const conf = join(state, 'conf');
  const secure = await secureSettings(realm, state);
  const [http, rpc, dnHttp, dnData, dnIpc] = await fivePorts();
  await mkdir(join(state, 'log'), { recursive: true });
  const settings = {
    'fs.defaultFS': `hdfs://localhost:${rpc}`,
    'hadoop.tmp.dir': join(state, 'tmp'),
    'dfs.namenode.rpc-address': `localhost:${rpc}`,
    'dfs.namenode.http-address': `localhost:${http}`,
    'dfs.namenode.name.dir': `file://${state}/namenode`,
    'dfs.datanode.data.dir': `file://${state}/datanode`,
    'dfs.datanode.http.address': `localhost:${dnHttp}`,
    'dfs.datanode.address': `localhost:${dnData}`,
    'dfs.datanode.ipc.address': `localhost:${dnIpc}`,
    'dfs.datanode.hostname': 'localhost',
    'dfs.client.use.datanode.hostname': 'true',
    'dfs.namenode.datanode.registration.ip-hostname-check': 'false',
    'dfs.replication': '1',
    'dfs.datanode.directoryscan.interval': '-1',
    'dfs.namenode.safemode.extension': '0',
    'dfs.namenode.safemode.min.datanodes': '1',
    'dfs.heartbeat.interval': '1',
    'dfs.namenode.fs-limits.min-block-size': '1024',
    'dfs.client.block.write.locateFollowingBlock.initial.delay.ms': '10',
    ...secure.properties,
    ...properties,
  };
  await writeProperties(join(conf, 'core-site.xml'), settings);
  await writeProperties(join(conf, 'hdfs-site.xml'), settings);
  await writeFile(join(conf, 'log4j.properties'), logSettings);
  for (const name of ['hdfs', 'datanode', 'static']) {
    await mkdir(join(conf, 'webapps', name, 'WEB-INF'), { recursive: true });
    await writeFile(
      join(conf, 'webapps', name, 'WEB-INF/web.xml'),
      '<web-app xmlns="http://java.sun.com/xml/ns/javaee" version="2.5"/>\n',
    );
  }
  await cp(join(jars.directory, 'formatted'), join(state, 'namenode'), { recursive: true });

  const start = (name: string, main: string) =>
    startJava({
      main,
      classPath: `${conf}:${jars.directory}/lib/*`,
      log: join(state, 'log', `${name}.log`),
      options: [...secure.javaOptions, `-Dhadoop.log.dir=${state}/log`],
    });
  const nameNode = await start('namenode', 'org.apache.hadoop.hdfs.server.namenode.NameNode');
  const dataNode = await start('datanode', 'org.apache.hadoop.hdfs.server.datanode.DataNode');
  const nameNodeLog = () => readFile(join(state, 'log/namenode.log'), 'utf8');
  const stop = async (): Promise<void> => {
    await Promise.all([endProcess(nameNode), endProcess(dataNode)]);
    await rm(state, { recursive: true, force: true });
  };
  try {
    await answering(http, nameNode);
    await answering(dnHttp, dataNode);
    // Registered, and out of safe mode.
    for (let tries = 0; !/NetworkTopology.*Adding a new node/.test(await nameNodeLog()); tries++) {
      if (tries > 600) throw new Error(`the DataNode did not register, see ${state}/log`);
      await sleep(100);
    }
  } catch (error) {
    await Promise.all([endProcess(nameNode), endProcess(dataNode)]);
    throw error;
  }
  return {
    host: 'localhost',
    httpPort: http,
    webHdfsUri: `webhdfs://localhost:${http}`,
    configDirectory: conf,
    superuser: 'hdfs',
    cookie: secure.cookie,
    keys: secure.superuser,
    nameNodeLog,
    stop,
  };
}

async function fivePorts(): Promise<readonly [number, number, number, number, number]> {
  return [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
}
