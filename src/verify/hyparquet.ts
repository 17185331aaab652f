import * as column from 'hyparquet/src/column.js';
import * as convert from 'hyparquet/src/convert.js';
import * as datapage from 'hyparquet/src/datapage.js';
import * as metadata from 'hyparquet/src/metadata.js';
import * as plain from 'hyparquet/src/plain.js';
import * as schema from 'hyparquet/src/schema.js';

/**
 * The one door to hyparquet. What a sample needs of it: its decoders, below the level at which it makes JavaScript
 * values of what it read. Whoever comes through it is loaded when a sample is read and not before.
 */
export const hyparquet = { ...metadata, ...schema, ...column, ...datapage, ...plain, ...convert };

/** What a sample needs of the package. */
export type Hyparquet = typeof hyparquet;

/** The package as it presents itself, for whoever wants rows of JavaScript values. */
export function loadHyparquetRows() {
  return import('hyparquet');
}
