import { adaptedMetadata } from '../parquet/evolution/adapted-metadata.ts';
import { isStampKey } from '../parquet/fold/fold-stamp.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import { encodeKeyValue } from '../parquet/write/file-writer.ts';
import { checkEvolvedSchema } from './check-evolved-schema.ts';
import { difference } from './staged-difference.ts';

/**
 * Holds the staged file's footer against those of the inputs: number of rows, schema byte for byte, and every entry
 * of their key-value metadata. Where inputs disagree about a key the first one's value must be there; entries of our
 * own stamp are replaced and not compared. With schema compatible, inputs may be of several schemas: see
 * `checkEvolvedSchema`, and `adaptedMetadata` for what becomes of metadata then.
 * @throws VerifyError at the first difference
 */
export function checkFooter(
  staged: ParquetFooter,
  inputs: readonly ParquetFooter[],
  mergedRows: number,
  schema: 'exact' | 'compatible' = 'exact',
): void {
  const rows = inputs.reduce((sum, footer) => sum + footer.rows, 0);
  if (mergedRows !== rows) {
    throw difference({
      code: 'rows-merged',
      staged: staged.file,
      expected: `${rows} rows, the sum of ${inputs.length} inputs`,
      found: `${mergedRows} rows written by the merge`,
    });
  }
  if (staged.rows !== rows) {
    throw difference({
      code: 'rows-staged',
      staged: staged.file,
      expected: `${rows} rows, the sum of ${inputs.length} inputs`,
      found: `${staged.rows} rows in its footer`,
    });
  }
  const [first] = inputs;
  const other = inputs.find((input) => input.schemaKey !== first?.schemaKey);
  const isEvolved = schema === 'compatible' && other !== undefined;
  if (isEvolved) checkEvolvedSchema(staged, inputs);
  const adapted = adaptedMetadata(inputs, schema === 'compatible');
  const metadata = new Map<string, { readonly bytes: Uint8Array; readonly file: string }>();
  for (const { key, value } of adapted.replaced) {
    metadata.set(key, { bytes: encodeKeyValue(key, value), file: 'all inputs together' });
  }
  for (const input of inputs) {
    if (!isEvolved && input.schemaKey !== staged.schemaKey) {
      throw difference({
        code: 'schema',
        staged: staged.file,
        expected: `the schema of ${input.file} (${input.schemaKey})`,
        found: `another one (${staged.schemaKey})`,
      });
    }
    for (const { key, bytes } of input.keyValues) {
      if (isStampKey(key) || metadata.has(key) || adapted.dropped.has(key)) continue;
      metadata.set(key, { bytes, file: input.file });
    }
  }
  for (const key of adapted.dropped) {
    if (!staged.keyValues.some((pair) => pair.key === key)) continue;
    throw difference({
      code: 'key-value-metadata',
      staged: staged.file,
      expected: `no metadata key ${key}, which describes the columns of some inputs only`,
      found: 'one',
    });
  }
  for (const [key, { bytes, file }] of metadata) {
    const found = staged.keyValues.find((pair) => pair.key === key);
    if (found === undefined || Buffer.compare(found.bytes, bytes) !== 0) {
      throw difference({
        code: 'key-value-metadata',
        staged: staged.file,
        expected: `the value that ${file} has for the metadata key ${key}`,
        found: found === undefined ? 'no such key' : 'another value',
      });
    }
  }
}
