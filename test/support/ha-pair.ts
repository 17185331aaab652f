import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Daemon, freePorts, runHadoop, startDaemon, waitUntil, writeConf } from './hadoop-daemons.ts';
import { writeProperties } from './hadoop-process.ts';
import { type HdfsAddress, HdfsRefusal, hdfs } from './hdfs-request.ts';
import type { KerberosRealm } from './kerberos-realm.ts';
import { secureSettings } from './secure-settings.ts';

/** The name of one of the two NameNodes. */
export type NameNodeId = 'nn1' | 'nn2';

/** Two NameNodes that share their edits by a JournalNode (QJM), and a DataNode; failovers are by hand. */
export interface HaPair {
  /** Name of the name service: `hdfs://ha/path`. */
  readonly nameService: 'ha';
  /** Each as its superuser asks it. */
  readonly nameNodes: Readonly<Record<NameNodeId, HdfsAddress>>;
  readonly superuser: string;
  /** Which one is active, as they say themselves; undefined when none is. */
  active(): Promise<NameNodeId | undefined>;
  /** kill -9; resolves once the process is gone. */
  kill(id: NameNodeId): Promise<void>;
  /** Starts it as a standby; resolves once it answers. */
  start(id: NameNodeId): Promise<void>;
  /** Makes this one the active one, whatever the other is: for when that was killed. */
  activate(id: NameNodeId): Promise<void>;
  /** A graceful failover. */
  failOver(from: NameNodeId, to: NameNodeId): Promise<void>;
  /** Makes a standby an observer, which answers questions from what it knows, or a standby again. */
  observe(id: NameNodeId, isObserver: boolean): Promise<void>;
  /** Both run, this one active, and files can be written. */
  settle(id: NameNodeId): Promise<void>;
  /** A directory with what a client needs to be told of it. The addresses are the NameNodes' own unless told. */
  clientConf(
    addresses?: Readonly<Record<NameNodeId, Pick<HdfsAddress, 'host' | 'httpPort'>>>,
  ): Promise<string>;
  /** Ends everything and deletes what was stored. */
  stop(): Promise<void>;
}

const mains = 'org.apache.hadoop.hdfs';

/**
 * Starts a pair, nn1 active. The caller stops it.
 * @param realm where nobody is to be believed without Kerberos
 * @throws HdfsUnavailable when this machine lacks what it needs
 */
export async function startHaPair(realm?: KerberosRealm): Promise<HaPair> {
  const host = realm === undefined ? '127.0.0.1' : 'localhost';
  const root = await mkdtemp(join(tmpdir(), 'consolidator-ha-'));
  const conf = join(root, 'conf');
  const ports = await freePorts(9);
  const [
    rpc1 = 0,
    rpc2 = 0,
    http1 = 0,
    http2 = 0,
    journal = 0,
    journalHttp = 0,
    data = 0,
    dataHttp = 0,
    dataIpc = 0,
  ] = ports;
  const secure = realm === undefined ? undefined : await secureSettings(realm, root);
  const superuser = secure === undefined ? userInfo().username : 'hdfs';
  const javaSettings = {
    javaOptions: secure?.javaOptions ?? [],
    // For the tools: daemons log in with their keytab.
    env:
      realm === undefined || secure === undefined
        ? {}
        : {
            KRB5CCNAME: await realm.ticket(
              'superuser-of-pair',
              secure.superuser.principal,
              secure.superuser.keytab,
            ),
          },
  };
  await writeConf(conf, {
    'fs.defaultFS': 'hdfs://ha',
    'hadoop.tmp.dir': join(root, 'tmp'),
    'dfs.nameservices': 'ha',
    'dfs.ha.namenodes.ha': 'nn1,nn2',
    'dfs.namenode.rpc-address.ha.nn1': `${host}:${rpc1}`,
    'dfs.namenode.rpc-address.ha.nn2': `${host}:${rpc2}`,
    'dfs.namenode.http-address.ha.nn1': `${host}:${http1}`,
    'dfs.namenode.http-address.ha.nn2': `${host}:${http2}`,
    'dfs.namenode.name.dir.ha.nn1': `file://${root}/nn1`,
    'dfs.namenode.name.dir.ha.nn2': `file://${root}/nn2`,
    'dfs.namenode.shared.edits.dir': `qjournal://${host}:${journal}/ha`,
    'dfs.journalnode.edits.dir': join(root, 'journal'),
    'dfs.journalnode.rpc-address': `${host}:${journal}`,
    'dfs.journalnode.http-address': `${host}:${journalHttp}`,
    'dfs.client.failover.proxy.provider.ha': `${mains}.server.namenode.ha.ConfiguredFailoverProxyProvider`,
    'dfs.client.failover.sleep.base.millis': '50',
    'dfs.client.failover.sleep.max.millis': '500',
    'dfs.ha.fencing.methods': 'shell(/bin/true)',
    'dfs.ha.tail-edits.period': '1',
    // Without it an observer answers also DataNodes' questions from what it knows.
    'dfs.namenode.state.context.enabled': 'true',
    'dfs.datanode.data.dir': `file://${root}/data`,
    'dfs.datanode.address': `${host}:${data}`,
    'dfs.datanode.http.address': `${host}:${dataHttp}`,
    'dfs.datanode.ipc.address': `${host}:${dataIpc}`,
    'dfs.datanode.hostname': host,
    'dfs.client.use.datanode.hostname': 'true',
    'dfs.namenode.datanode.registration.ip-hostname-check': 'false',
    'dfs.datanode.directoryscan.interval': '-1',
    'dfs.replication': '1',
    'dfs.namenode.safemode.extension': '0',
    'dfs.namenode.safemode.min.datanodes': '1',
    'dfs.heartbeat.interval': '1',
    'dfs.client.block.write.locateFollowingBlock.initial.delay.ms': '10',
    'dfs.namenode.fs-limits.min-block-size': '1024',
    'ipc.client.connect.retry.interval': '100',
    'ipc.client.connect.max.retries': '3',
    'hadoop.user.group.static.mapping.overrides': `${superuser}=${superuser};dr.who=`,
    ...secure?.properties,
  });
  const running = new Map<NameNodeId | 'journal' | 'data', Daemon>();
  const log = (name: string): string => join(root, `${name}.log`);
  const launch = async (
    name: NameNodeId | 'journal' | 'data',
    main: string,
    args: readonly string[] = [],
  ) => {
    running.set(name, await startDaemon(conf, `${mains}.${main}`, args, log(name), javaSettings));
  };
  const cookie = secure === undefined ? {} : { cookie: secure.cookie };
  const addresses: Record<NameNodeId, HdfsAddress> = {
    nn1: { host, httpPort: http1, superuser, ...cookie },
    nn2: { host, httpPort: http2, superuser, ...cookie },
  };
  const admin = (...args: readonly string[]): Promise<string> =>
    runHadoop(conf, `${mains}.tools.DFSHAAdmin`, args, javaSettings);
  const launchNameNode = (id: NameNodeId): Promise<void> =>
    launch(id, 'server.namenode.NameNode', [`-Ddfs.ha.namenode.id=${id}`]);

  /** `active`, `standby` or another word of a NameNode's; undefined when it does not answer. */
  const stateOf = async (id: NameNodeId): Promise<'active' | 'other' | undefined> => {
    try {
      // A question would not tell: an observer answers it.
      const params = { modificationtime: '-1', accesstime: '-1' };
      await hdfs(addresses[id], { method: 'PUT', op: 'SETTIMES', path: '/.none', params });
      return 'active';
    } catch (error) {
      if (!(error instanceof HdfsRefusal)) return undefined;
      return error.exception === 'FileNotFoundException' ? 'active' : 'other';
    }
  };
  const isWritable = async (id: NameNodeId): Promise<boolean> => {
    try {
      const path = '/.probe';
      await hdfs(addresses[id], {
        method: 'PUT',
        op: 'CREATE',
        path,
        params: { overwrite: 'true' },
        body: Buffer.from('x'),
      });
      await hdfs(addresses[id], { method: 'DELETE', op: 'DELETE', path });
      return true;
    } catch {
      return false;
    }
  };

  const pair: HaPair = {
    nameService: 'ha',
    nameNodes: addresses,
    superuser,
    async active() {
      for (const id of ['nn1', 'nn2'] as const) if ((await stateOf(id)) === 'active') return id;
      return undefined;
    },
    async kill(id) {
      await running.get(id)?.kill();
      running.delete(id);
    },
    async start(id) {
      if (!running.has(id)) await launchNameNode(id);
      await waitUntil(`${id} answers`, log(id), async () => (await stateOf(id)) !== undefined);
    },
    async activate(id) {
      await admin('-transitionToActive', '--forceactive', id);
    },
    async failOver(from, to) {
      await admin('-failover', from, to);
    },
    async observe(id, isObserver) {
      await admin(isObserver ? '-transitionToObserver' : '-transitionToStandby', id);
    },
    async settle(id) {
      const other = id === 'nn1' ? 'nn2' : 'nn1';
      await Promise.all([pair.start(id), pair.start(other)]);
      if ((await stateOf(other)) === 'active') await pair.failOver(other, id);
      else if ((await stateOf(id)) !== 'active') await pair.activate(id);
      await waitUntil('files can be written', log('data'), () => isWritable(id));
    },
    async clientConf(seen = addresses) {
      const directory = await mkdtemp(join(root, 'client-'));
      await writeProperties(join(directory, 'core-site.xml'), {
        'fs.defaultFS': 'hdfs://ha',
        ...(secure === undefined ? {} : { 'hadoop.security.authentication': 'kerberos' }),
      });
      await writeProperties(join(directory, 'hdfs-site.xml'), {
        'dfs.nameservices': 'ha',
        'dfs.ha.namenodes.ha': 'nn1,nn2',
        'dfs.namenode.http-address.ha.nn1': `${seen.nn1.host}:${seen.nn1.httpPort}`,
        'dfs.namenode.http-address.ha.nn2': `${seen.nn2.host}:${seen.nn2.httpPort}`,
      });
      return directory;
    },
    async stop() {
      await Promise.all([...running.values()].map((daemon) => daemon.kill()));
      running.clear();
      await rm(root, { recursive: true, force: true });
    },
  };

  try {
    await mkdir(join(root, 'journal'), { recursive: true });
    await launch('journal', 'qjournal.server.JournalNode');
    await waitUntil('the JournalNode answers', log('journal'), () =>
      answers(`http://${host}:${journalHttp}/`),
    );
    const format = ['-Ddfs.ha.namenode.id=nn1', '-format', '-nonInteractive', '-force'];
    await runHadoop(conf, `${mains}.server.namenode.NameNode`, format, javaSettings);
    // What a bootstrap of the standby would copy over.
    await cp(join(root, 'nn1'), join(root, 'nn2'), { recursive: true });
    await launch('data', 'server.datanode.DataNode');
    await pair.settle('nn1');
    return pair;
  } catch (error) {
    await pair.stop();
    throw error;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    return false;
  }
}
