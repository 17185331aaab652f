import { isStampKey } from '../parquet/fold/fold-stamp.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import { difference } from './staged-difference.ts';

/**
 * Holds the staged file's footer against those of the inputs: number of rows, schema byte for byte, and every entry
 * of their key-value metadata. Where inputs disagree about a key the first one's value must be there; entries of our
 * own stamp are replaced and not compared.
 * @throws VerifyError at the first difference
 */
export function checkFooter(
  staged: ParquetFooter,
  inputs: readonly ParquetFooter[],
  mergedRows: number,
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
  const metadata = new Map<string, { readonly bytes: Uint8Array; readonly file: string }>();
  for (const input of inputs) {
    if (input.schemaKey !== staged.schemaKey) {
      throw difference({
        code: 'schema',
        staged: staged.file,
        expected: `the schema of ${input.file} (${input.schemaKey})`,
        found: `another one (${staged.schemaKey})`,
      });
    }
    for (const { key, bytes } of input.keyValues) {
      if (!isStampKey(key) && !metadata.has(key)) metadata.set(key, { bytes, file: input.file });
    }
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
