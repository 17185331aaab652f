import { PGlite } from '@electric-sql/pglite';
import type { HistoryDatabase, SqlValue } from './database.ts';

/** A PostgreSQL in the memory of this process, empty, gone once it is closed. Takes some seconds and 700 MB of memory. */
export async function openPglite(): Promise<HistoryDatabase> {
  const database = await PGlite.create();
  const run = (sql: string, parameters: readonly SqlValue[] = []) =>
    database.query<unknown[]>(sql, [...parameters], { rowMode: 'array' });
  await run("SET TIME ZONE 'UTC'");
  return {
    name: 'the receipts',
    execute: async (sql, parameters) => {
      await run(sql, parameters);
    },
    texts: async (sql, parameters) => (await run(sql, parameters)).rows.map(([text]) => String(text)),
    close: () => database.close(),
  };
}
