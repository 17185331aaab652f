import { Socket } from 'node:net';
import pg from 'pg';
import type { HistoryDatabase, SqlValue } from './database.ts';

/** Time limits of a connection. */
export interface PostgresLimits {
  /** Until the server lets us in. */
  readonly connectTimeoutMs: number;
  /** Of one statement. */
  readonly statementTimeoutMs: number;
}

/** How long a server may take to say goodbye. */
const closeTimeoutMs = 2000;

/** Where a database is, without user and password: `host:port/name`. */
export function databaseName(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  return `${searchParams.get('host') ?? hostname}${port === '' ? '' : `:${port}`}${pathname}`;
}

/**
 * Connects to a PostgreSQL server. The caller closes the connection.
 * @param url `postgresql://user:password@host:port/name`; what else libpq takes, such as `sslmode`, as its parameters
 */
export async function connectPostgres(url: string, limits: PostgresLimits): Promise<HistoryDatabase> {
  const socket = new Socket();
  const client = new pg.Client({
    stream: () => socket,
    connectionString: url,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    query_timeout: limits.statementTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    application_name: 'parquet-consolidator',
  });
  // A connection that breaks between two statements must not end the process; the next statement says it.
  client.on('error', () => {});
  const run = async (sql: string, parameters: readonly SqlValue[] = []): Promise<pg.QueryArrayResult> => {
    // extended: one statement, never several.
    const query: pg.QueryArrayConfig & { queryMode: 'extended' } = {
      text: sql,
      values: [...parameters],
      rowMode: 'array',
      queryMode: 'extended',
    };
    return client.query(query);
  };
  try {
    await client.connect();
    await run("SET TIME ZONE 'UTC'");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    name: databaseName(url),
    execute: async (sql, parameters) => {
      await run(sql, parameters);
    },
    texts: async (sql, parameters) => (await run(sql, parameters)).rows.map(([text]) => String(text)),
    close: async () => {
      const late = setTimeout(() => socket.destroy(), closeTimeoutMs);
      try {
        await client.end();
      } finally {
        clearTimeout(late);
        // A socket that stays open would keep the process from ending.
        socket.destroy();
      }
    },
  };
}
