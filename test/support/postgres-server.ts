import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { programPath, type ServerProcess, skipWithoutPrograms, startServer } from './server-process.ts';

const run = promisify(execFile);
const debian = '/usr/lib/postgresql';

/** Debian keeps the programs of each version in a directory of its own. */
function directories(): readonly string[] {
  if (!existsSync(debian)) return [];
  return readdirSync(debian)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debian, version, 'bin'));
}

/** The `skip` option of tests that need PostgreSQL. */
export function skipWithoutPostgres(): string | false {
  return skipWithoutPrograms(['initdb', 'postgres'], ['postgresql'], directories());
}

/** A PostgreSQL server of its own. */
export interface PostgresServer {
  /** With user and password; of the database `consolidation`. */
  readonly url: string;
  readonly port: number;
  /** Stops it, and starts it again with what it holds. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and deletes what it holds. */
  dispose(): Promise<void>;
}

export const postgresPassword = 's3cr3t-of-the-history';

/** Makes and starts a server on a free port, with an empty database. */
export async function startPostgres(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'postgres-'));
  const data = join(directory, 'data');
  const port = await freePort();
  const account = await accountOfServer();
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  const options = { ...account, cwd: directory };
  const args = ['-D', data, '-U', 'consolidator', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  await run(program('initdb'), args, options);
  const urlOf = (name: string): string =>
    `postgresql://consolidator:${postgresPassword}@127.0.0.1:${port}/${name}`;
  let server: ServerProcess | undefined;
  const start = async (): Promise<void> => {
    server = await startServer(
      program('postgres'),
      [
        '-D',
        data,
        '-p',
        String(port),
        '-k',
        directory,
        '-h',
        '127.0.0.1',
        '-F',
        '-c',
        'logging_collector=off',
      ],
      async () => {
        await statements(urlOf('postgres'), ['SELECT 1']);
        return true;
      },
      options,
    );
  };
  const stop = async (): Promise<void> => {
    await server?.stop();
    server = undefined;
  };
  await start();
  await statements(urlOf('postgres'), ['CREATE DATABASE consolidation']);
  return {
    url: urlOf('consolidation'),
    port,
    start,
    stop,
    dispose: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Runs statements one after the other, and gives the rows of the last. */
export async function statements(
  url: string,
  sql: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    let rows: readonly Readonly<Record<string, unknown>>[] = [];
    for (const one of sql) ({ rows } = await client.query(one));
    return rows;
  } finally {
    await client.end();
  }
}

/** PostgreSQL refuses to run as root. */
async function accountOfServer(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // No such account: the next one.
    }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody');
}

function program(name: 'initdb' | 'postgres'): string {
  const path = programPath(name, directories());
  if (path === undefined) throw new Error(`${name} is not installed: apt-get install postgresql`);
  return path;
}
