/** A value of a parameter of a statement. */
export type SqlValue = string | number | null;

/** A row as JSON: numbers as numbers, dates and times as ISO text, JSON columns as what they hold. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * A connection to a database that speaks PostgreSQL's SQL. One statement at a time; what fails rejects with the database's
 * own message.
 */
export interface HistoryDatabase {
  /** Where it is, without user and password; for messages. */
  readonly name: string;
  /** Runs one statement that gives nothing back. */
  execute(sql: string, parameters?: readonly SqlValue[]): Promise<void>;
  /** Runs one statement and gives the first column of each of its rows, which must be text. */
  texts(sql: string, parameters?: readonly SqlValue[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The rows of one SELECT, the columns in its order. What is no SELECT (or VALUES, or WITH without changes) is a syntax error. */
export async function selectRows(
  database: HistoryDatabase,
  sql: string,
  parameters: readonly SqlValue[] = [],
): Promise<readonly Row[]> {
  // On lines of their own, so that a comment at the end ends there.
  const select = sql.replace(/[\s;]+$/, '');
  const rows = await database.texts(
    `SELECT row_to_json(selected)::text FROM (\n${select}\n) AS selected`,
    parameters,
  );
  return rows.map((text): Row => JSON.parse(text));
}

/** Does `work` in a transaction: all of it or nothing. `READ ONLY` refuses what would change anything. */
export async function inTransaction<T>(
  database: HistoryDatabase,
  mode: 'READ WRITE' | 'READ ONLY',
  work: () => Promise<T>,
): Promise<T> {
  await database.execute(`BEGIN TRANSACTION ${mode}`);
  try {
    const result = await work();
    await database.execute('COMMIT');
    return result;
  } catch (error) {
    // On a dead connection the server rolls back by itself; what went wrong first is what counts.
    await database.execute('ROLLBACK').catch(() => {});
    throw error;
  }
}
