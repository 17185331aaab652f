import type { ColumnFingerprint } from '../parquet/fingerprint.ts';
import { difference } from './staged-difference.ts';
import type { VerifiedColumn } from './verified-file.ts';

/**
 * Holds what was decoded from the staged file against what was read from the inputs while merging: for every leaf
 * column its values, nulls, levels, values in order, least and greatest value.
 * @param inOrder whether levels and values must come in the order in which they were read
 * @throws VerifyError at the first difference
 */
export function checkColumns(
  staged: string,
  expected: readonly ColumnFingerprint[],
  found: readonly ColumnFingerprint[],
  inOrder = true,
): readonly VerifiedColumn[] {
  if (expected.length !== found.length) {
    throw difference({
      code: 'column-count',
      staged,
      expected: `${expected.length} leaf columns`,
      found: `${found.length}`,
    });
  }
  return expected.map((want, index) => {
    const have = found[index];
    for (const { code, what, of, isOfOrder } of comparisons) {
      if (isOfOrder === true && !inOrder) continue;
      const wanted = of(want);
      const had = have === undefined ? 'nothing' : of(have);
      if (wanted !== had) {
        const column = want.path;
        throw difference({ code, staged, column, expected: `${what} ${wanted}`, found: had });
      }
    }
    const { path, values, nulls, levelDigest, valueDigest } = have ?? want;
    return { path, values, nulls, levelDigest, valueDigest };
  });
}

const comparisons: readonly {
  readonly code: string;
  readonly what: string;
  readonly of: (column: ColumnFingerprint) => string;
  readonly isOfOrder?: true;
}[] = [
  { code: 'column-path', what: 'the column', of: (column) => column.path },
  { code: 'value-count', what: 'a number of values of', of: (column) => String(column.values) },
  { code: 'null-count', what: 'a number of nulls of', of: (column) => String(column.nulls) },
  {
    code: 'level-digest',
    what: 'a digest of levels of',
    of: (column) => column.levelDigest,
    isOfOrder: true,
  },
  {
    code: 'value-digest',
    what: 'a digest of values of',
    of: (column) => column.valueDigest,
    isOfOrder: true,
  },
  { code: 'least-value', what: 'the least value', of: (column) => hex(column.min) },
  { code: 'greatest-value', what: 'the greatest value', of: (column) => hex(column.max) },
];

function hex(value: Uint8Array | undefined): string {
  return value === undefined ? 'none' : `0x${Buffer.from(value).toString('hex')}`;
}
