import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { TlsMaterial } from '../../src/store/webhdfs/cluster.ts';
import { type Authority, type Issued, makeAuthority, storePassword } from './certificates.ts';
import { type Daemon, freePorts, runHadoop, startDaemon, waitUntil, writeConf } from './hadoop-daemons.ts';
import { writeProperties } from './hadoop-process.ts';

/** An HDFS that speaks nothing but TLS (`dfs.http.policy` HTTPS_ONLY) and asks clients for a certificate. */
export interface TlsHdfs {
  /** The name in its certificates, with the NameNode's HTTPS port: `localhost:port`. */
  readonly server: string;
  readonly httpsPort: number;
  readonly superuser: string;
  /** Signed the certificates of servers and clients. */
  readonly authority: Authority;
  readonly client: Issued;
  /** A directory with what a client needs to be told of it. */
  readonly conf: string;
  /** Somewhere for further files. */
  readonly directory: string;
  /** The store on it, over TLS made with this. */
  store(tls: TlsMaterial): Store;
  stop(): Promise<void>;
}

const mains = 'org.apache.hadoop.hdfs.server';

/**
 * Starts it. The caller stops it.
 * @param isReady whether files can be written, asked again until it is so
 * @throws HdfsUnavailable when this machine lacks what it needs
 */
export async function startTlsHdfs(isReady: (hdfs: TlsHdfs) => Promise<boolean>): Promise<TlsHdfs> {
  const root = await mkdtemp(join(tmpdir(), 'consolidator-tls-'));
  const [conf, clientConf] = [join(root, 'conf'), join(root, 'client')];
  const authority = await makeAuthority(root, 'authority');
  const [issued, client, trustStore] = await Promise.all([
    authority.issue('server', ['localhost']),
    authority.issue('client'),
    authority.trustStore(),
  ]);
  const [rpc = 0, httpsPort = 0, data = 0, dataHttps = 0, dataIpc = 0, unused = 0] = await freePorts(6);
  const superuser = userInfo().username;
  await writeConf(conf, {
    'fs.defaultFS': `hdfs://localhost:${rpc}`,
    'hadoop.tmp.dir': join(root, 'tmp'),
    'hadoop.ssl.require.client.cert': 'true',
    'hadoop.ssl.server.conf': 'ssl-server.xml',
    'dfs.http.policy': 'HTTPS_ONLY',
    'dfs.client.https.need-auth': 'true',
    'dfs.namenode.rpc-address': `localhost:${rpc}`,
    'dfs.namenode.http-address': `localhost:${unused}`,
    'dfs.namenode.https-address': `localhost:${httpsPort}`,
    'dfs.namenode.name.dir': `file://${root}/namenode`,
    'dfs.datanode.data.dir': `file://${root}/data`,
    'dfs.datanode.address': `localhost:${data}`,
    'dfs.datanode.https.address': `localhost:${dataHttps}`,
    'dfs.datanode.ipc.address': `localhost:${dataIpc}`,
    'dfs.datanode.hostname': 'localhost',
    'dfs.client.use.datanode.hostname': 'true',
    'dfs.namenode.datanode.registration.ip-hostname-check': 'false',
    'dfs.replication': '1',
    'dfs.namenode.safemode.extension': '0',
    'dfs.namenode.fs-limits.min-block-size': '1024',
    'dfs.client.block.write.locateFollowingBlock.initial.delay.ms': '10',
    'hadoop.user.group.static.mapping.overrides': `${superuser}=${superuser};dr.who=`,
  });
  await writeProperties(join(conf, 'ssl-server.xml'), {
    'ssl.server.keystore.location': issued.store,
    'ssl.server.keystore.password': storePassword,
    'ssl.server.keystore.keypassword': storePassword,
    'ssl.server.keystore.type': 'pkcs12',
    'ssl.server.truststore.location': trustStore,
    'ssl.server.truststore.password': storePassword,
    'ssl.server.truststore.type': 'pkcs12',
  });
  await mkdir(clientConf);
  await writeProperties(join(clientConf, 'core-site.xml'), { 'fs.defaultFS': `hdfs://localhost:${rpc}` });
  await writeProperties(join(clientConf, 'hdfs-site.xml'), {
    'dfs.http.policy': 'HTTPS_ONLY',
    'dfs.namenode.https-address': `localhost:${httpsPort}`,
  });
  await writeProperties(join(clientConf, 'ssl-client.xml'), {
    'ssl.client.truststore.location': trustStore,
    'ssl.client.truststore.type': 'pkcs12',
  });
  const daemons: Daemon[] = [];
  const hdfs: TlsHdfs = {
    server: `localhost:${httpsPort}`,
    httpsPort,
    superuser,
    authority,
    client,
    conf: clientConf,
    directory: root,
    store: (tls) =>
      openStore(
        {
          kind: 'hdfs',
          scheme: 'swebhdfs',
          host: 'localhost',
          port: httpsPort,
          webHdfsPort: httpsPort,
          path: '/',
        },
        { userName: superuser, maxRetries: 0, tls },
      ).store,
    async stop() {
      await Promise.all(daemons.map((daemon) => daemon.kill()));
      await rm(root, { recursive: true, force: true });
    },
  };
  const log = (name: string): string => join(root, `${name}.log`);
  try {
    await runHadoop(conf, `${mains}.namenode.NameNode`, ['-format', '-nonInteractive', '-force']);
    daemons.push(await startDaemon(conf, `${mains}.namenode.NameNode`, [], log('namenode')));
    daemons.push(await startDaemon(conf, `${mains}.datanode.DataNode`, [], log('datanode')));
    await waitUntil('files can be written over TLS', log('datanode'), () => isReady(hdfs));
    return hdfs;
  } catch (error) {
    await hdfs.stop();
    throw error;
  }
}
