/**
 * The one door to hyparquet. What a sample needs of it: its decoders, below the level at which it makes JavaScript
 * values of what it read. Loaded when a sample is read and not before.
 */
export async function loadHyparquet() {
  const [metadata, schema, column, datapage, plain, convert] = await Promise.all([
    import('hyparquet/src/metadata.js'),
    import('hyparquet/src/schema.js'),
    import('hyparquet/src/column.js'),
    import('hyparquet/src/datapage.js'),
    import('hyparquet/src/plain.js'),
    import('hyparquet/src/convert.js'),
  ]);
  return { ...metadata, ...schema, ...column, ...datapage, ...plain, ...convert };
}

/** What {@link loadHyparquet} resolves with. */
export type Hyparquet = Awaited<ReturnType<typeof loadHyparquet>>;

/** The package as it presents itself, for whoever wants rows of JavaScript values. */
export function loadHyparquetRows() {
  return import('hyparquet');
}
