import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Kerberos realm with a key distribution centre (MIT krb5kdc) of the test's own. */
export interface KerberosRealm {
  readonly name: string;
  /** Environment that makes every Kerberos library use this realm. */
  readonly env: Readonly<Record<string, string>>;
  /** The realm's krb5.conf. */
  readonly configPath: string;
  readonly directory: string;
  /** Makes principals with random keys and puts the keys of all of them into one new keytab; resolves to its path. */
  keytab(file: string, ...principals: readonly string[]): Promise<string>;
  /** Gets a ticket with a keytab into a cache file; resolves to the file's path. `lifetime` as kinit has it: `8s`. */
  ticket(cache: string, principal: string, keytab: string, lifetime?: string): Promise<string>;
  stop(): Promise<void>;
}

const realmName = 'EXAMPLE.COM';

/** What is missing on this machine for a realm of one's own, in words; undefined when nothing is. */
export function missingForRealm(): string | undefined {
  const missing = Object.keys(tools).filter((tool) => pathOf(tool) === undefined);
  return missing.length === 0
    ? undefined
    : `no ${missing.join(', ')}: install a KDC and Kerberos tools (Debian: apt install krb5-kdc krb5-admin-server krb5-user)`;
}

const tools = { krb5kdc: 'sbin', kdb5_util: 'sbin', 'kadmin.local': 'sbin', kinit: 'bin' } as const;

function pathOf(tool: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/sbin', '/bin']
    .map((directory) => join(directory, tool))
    .find((path) => existsSync(path));
}

function tool(name: keyof typeof tools): string {
  const path = pathOf(name);
  if (path === undefined) throw new Error(missingForRealm());
  return path;
}

/** Starts a KDC on a free port of 127.0.0.1; it ends with this process at the latest. */
export async function startRealm(): Promise<KerberosRealm> {
  const directory = await mkdtemp(join(tmpdir(), 'consolidator-kdc-'));
  const port = await freePort();
  const configPath = join(directory, 'krb5.conf');
  const profile = join(directory, 'kdc.conf');
  const env = { KRB5_CONFIG: configPath };
  const own = { ...process.env, ...env, KRB5_KDC_PROFILE: profile };
  await writeFile(
    configPath,
    `[libdefaults]
default_realm = ${realmName}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
forwardable = true
[realms]
${realmName} = {
  kdc = 127.0.0.1:${port}
}
[domain_realm]
localhost = ${realmName}
`,
  );
  await mkdir(join(directory, 'database'));
  await writeFile(
    profile,
    `[kdcdefaults]
kdc_listen = 127.0.0.1:${port}
kdc_tcp_listen = 127.0.0.1:${port}
[realms]
${realmName} = {
  database_name = ${directory}/database/principal
  key_stash_file = ${directory}/database/stash
  acl_file = ${directory}/database/acl
  max_life = 24h
  supported_enctypes = aes256-cts-hmac-sha1-96:normal
}
[logging]
kdc = FILE:${directory}/kdc.log
`,
  );
  await run(tool('kdb5_util'), ['create', '-s', '-r', realmName, '-P', 'of the tests alone'], { env: own });
  const kdc = spawn(tool('krb5kdc'), ['-n', '-r', realmName], { env: own, stdio: 'ignore' });
  const end = (): boolean => kdc.kill('SIGKILL');
  process.once('exit', end);
  await answering(port, kdc);

  return {
    name: realmName,
    env,
    configPath,
    directory,
    async keytab(file, ...principals) {
      const path = join(directory, file);
      for (const principal of principals) {
        await run(tool('kadmin.local'), ['-r', realmName, '-q', `addprinc -randkey ${principal}`], {
          env: own,
        });
        await run(tool('kadmin.local'), ['-r', realmName, '-q', `ktadd -norandkey -k ${path} ${principal}`], {
          env: own,
        });
      }
      return path;
    },
    async ticket(cache, principal, keytab, lifetime = '1h') {
      const path = join(directory, cache);
      await run(tool('kinit'), ['-k', '-t', keytab, '-c', path, '-l', lifetime, principal], { env: own });
      return path;
    },
    async stop() {
      process.off('exit', end);
      end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** Resolves once something answers on the port; rejects when the process has ended before. */
export async function answering(port: number, child: ChildProcess, tries = 1200): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (await isTaken(port)) return;
    if (child.exitCode !== null || attempt === tries) {
      throw new Error(`nothing answers on port ${port} (process ended with ${child.exitCode})`);
    }
    await sleep(100);
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
