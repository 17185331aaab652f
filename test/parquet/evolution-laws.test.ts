import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { schemaTraits, traitConflicts } from '../../src/parquet/evolution/schema-traits.ts';
import { unifySchemas } from '../../src/parquet/evolution/unify-schemas.ts';
import { schemaOf } from './evolution-fields.ts';
import { convertedRow, evolvedFields, unionOf } from './evolution-model.ts';
import { foreignFile, type Rows } from './foreign-file.ts';
import { assertHolds, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';
import { emptyColumns, type Field, randomFields, randomRows, shred } from './model.ts';
import { ownFile } from './own-file.ts';
import { type RandomSource, randomSource } from './random-source.ts';

/** Schemas of which one came from the other, and the next from one of these, and so on; some twice. */
function schemasOf(random: RandomSource, count: number): readonly (readonly Field[])[] {
  let added = 0;
  let ids = 0;
  // A group that says what nobody knows is kept as it is, with all below.
  const numbered = ({ fieldId: _, unknownField, ...field }: Field): Field => ({
    ...field,
    ...(field.type === undefined || unknownField === undefined ? {} : { unknownField }),
    ...(random.chance(50) ? { fieldId: ids++ } : {}),
    children: field.children.map(numbered),
  });
  const schemas: (readonly Field[])[] = [randomFields(random, 3).map(numbered)];
  while (schemas.length < count) {
    const origin = random.pick(schemas);
    schemas.push(random.chance(20) ? origin : evolvedFields(random, origin, () => added++));
  }
  return schemas;
}

test('the merged file holds the rows of all files, nulls where a file has no such column, in the schema of all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const schemas = schemasOf(random, 2 + random.below(4));
      const union = unionOf(schemas);
      const expected = emptyColumns(union);
      const files: Uint8Array[] = [];
      for (const fields of schemas) {
        const rowGroups = Array.from({ length: random.below(4) }, (): Rows => {
          return randomRows(random, fields, random.below(random.pick([2, 10, 60])));
        });
        const file = random.chance(50)
          ? await ownFile(fields, rowGroups, random)
          : foreignFile(fields, rowGroups, random.word());
        files.push(file.bytes);
        for (const rows of rowGroups) {
          shred(
            union,
            rows.map((row) => convertedRow(row, fields, union)),
            expected,
          );
        }
      }
      const { bytes, result } = await mergeBytes(files, {
        schema: 'compatible',
        rowGroupRows: random.pick([1, 2, 3, 7, 50_000]),
        rowGroupBytes: random.pick([1, 200, 1000, 128 * 1024 * 1024]),
        useDictionary: random.chance(75),
        memory: random.chance(50) ? { wholeRowGroupBytes: 1, windowBytes: 1, keptPageBytes: 0 } : {},
      });
      const { footer } = await inputOf(bytes);
      assert.deepEqual(footer.elementBytes, schemaOf(union).elementBytes);
      assertHolds(readWithHyparquet(bytes), expected);
      assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns);
    }),
    {
      numRuns: 300,
      includeErrorInReport: true,
      ...(process.env.EV_SEED ? { examples: [[Number(process.env.EV_SEED)]] } : {}),
    },
  );
});

test('schemas can be put together exactly when no two of them contradict each other', () => {
  let together = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = randomSource(seed);
      // Few names and types, so that they meet, and fit or not.
      const field = (depth: number): Field => {
        const name = random.chance(4) ? 'B' : random.pick(['a', 'b', 'list', 'c']);
        const isGroup = depth < 2 && random.chance(name === 'c' || name === 'list' ? 95 : 5);
        const kind = {
          name,
          repetition: random.chance(8) ? 2 : random.below(2),
          ...(random.chance(5) ? { fieldId: 1 } : {}),
        };
        if (isGroup) {
          const annotated = random.chance(90)
            ? {}
            : random.pick([{ convertedType: 3 }, { convertedType: 1 }]);
          return { ...kind, ...annotated, children: fieldsOf(depth + 1) };
        }
        const type = random.chance(6) ? random.pick([4, 5, 6]) : random.pick([1, 2]);
        const annotated =
          type === 1 && random.chance(6) ? random.pick([{ convertedType: 6 }, { convertedType: 13 }]) : {};
        return { ...kind, ...annotated, type, children: [] };
      };
      const fieldsOf = (depth: number): readonly Field[] =>
        Array.from({ length: 1 + random.below(3) }, () => field(depth));
      const schemas = [fieldsOf(0), fieldsOf(0), fieldsOf(0)].map((fields, i) =>
        schemaOf(fields, `file-${i}`),
      );
      const traits = schemas.map(schemaTraits);
      const isClear = traits.every((one) => traits.every((other) => traitConflicts(one, other).length === 0));
      if (!isClear) {
        assert.throws(() => unifySchemas(schemas), { name: 'FormatError', code: 'schemas-differ' });
        return;
      }
      const unified = unifySchemas(schemas);
      together++;
      // What came together contradicts none of them, so the next run finds the same.
      const own = schemaTraits({ file: 'union', ...unified, schemaKey: schemas[0]?.schemaKey ?? '' });
      for (const one of traits) assert.deepEqual(traitConflicts(one, own), []);
    }),
    { numRuns: 3000 },
  );
  assert.ok(together > 50, `${together} of 3,000 came together`);
});
