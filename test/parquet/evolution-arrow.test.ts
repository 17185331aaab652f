import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ArrowField,
  arrowFields,
  arrowTraits,
  unifiedArrowFields,
} from '../../src/parquet/evolution/arrow-fields.ts';
import { arrowMessage } from '../../src/parquet/evolution/arrow-message.ts';
import { hasNarrowIndices } from '../../src/parquet/metadata/arrow-schema.ts';

const byKey = (a: readonly string[], b: readonly string[]): number =>
  Buffer.compare(Buffer.from(a.join('\0')), Buffer.from(b.join('\0')));

const type = fc.oneof(
  fc.tuple(fc.constant(2), fc.tuple(fc.constantFrom(8, 16, 32, 64), fc.constantFrom(0, 1))),
  fc.tuple(fc.constant(3), fc.tuple(fc.constantFrom(0, 1, 2))),
  fc.tuple(fc.constant(7), fc.tuple(fc.nat({ max: 38 }), fc.nat({ max: 9 }), fc.constant(128))),
  fc.tuple(fc.constant(9), fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(32, 64))),
  fc.tuple(fc.constant(10), fc.tuple(fc.nat({ max: 3 }), fc.constantFrom('UTC', 'Europe/Zürich'))),
  fc.tuple(fc.constantFrom(15, 16), fc.tuple(fc.nat())),
  fc.tuple(fc.constant(17), fc.tuple(fc.constantFrom(0, 1))),
  fc.tuple(fc.constantFrom(8, 11, 18), fc.tuple(fc.nat({ max: 2 }))),
  fc.tuple(fc.constantFrom(1, 4, 5, 6, 12, 13, 20, 21, 24), fc.constant([])),
);

const { fields } = fc.letrec<{ fields: ArrowField[]; field: ArrowField }>((tie) => ({
  fields: fc.array(tie('field'), { maxLength: 4, depthIdentifier: 'arrow' }),
  field: fc
    .tuple(
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom(0, 1),
      type,
      fc.constantFrom(null, null, 0, 1),
      fc.oneof({ depthIdentifier: 'arrow', maxDepth: 3 }, fc.constant([]), tie('fields')),
      fc.uniqueArray(fc.tuple(fc.string({ maxLength: 5 }), fc.string({ unit: 'grapheme', maxLength: 5 })), {
        selector: ([key]) => key,
        maxLength: 3,
      }),
    )
    .map(([name, nullable, [typeId, parameters], dictionary, children, metadata]): ArrowField => {
      return [name, nullable, typeId, parameters, dictionary, children, metadata.toSorted(byKey)];
    }),
}));

test('an Arrow schema that is written is read as it was', () => {
  fc.assert(
    fc.property(fields, (schema) => {
      const message = arrowMessage(schema);
      assert.deepEqual(arrowFields(message), schema);
      assert.equal(hasNarrowIndices(message), false);
    }),
    { numRuns: 500 },
  );
});

test('schemas that do not contradict each other come together, and what comes together contradicts none of them', () => {
  const named = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom(32, 64),
      fc.constantFrom(0, 1),
      fc.constantFrom(2, 13),
    ),
    { selector: ([name]) => name, maxLength: 3 },
  );
  const made = named.map((columns) =>
    columns.map(([name, bits, nullable, kind]): ArrowField => {
      const number: ArrowField = [name, nullable, 2, [bits, 1], null, [], []];
      return kind === 2 ? number : [name, nullable, 13, [], null, [['x', 1, 2, [bits, 1], null, [], []]], []];
    }),
  );
  fc.assert(
    fc.property(fc.array(made, { minLength: 1, maxLength: 3 }), (schemas) => {
      const said = new Map<string, string>();
      for (const schema of schemas) {
        for (const [thing, value] of arrowTraits(schema)) {
          if ((said.get(thing) ?? value) !== value) return;
          said.set(thing, value);
        }
      }
      const union = unifiedArrowFields(schemas);
      assert.deepEqual(new Map([...arrowTraits(union)].sort()), new Map([...said].sort()));
      for (const [name, nullable, typeId, parameters] of union) {
        const found = schemas.map((schema) => schema.find(([own]) => own === name));
        const mayBeNull = found.some((field) => field === undefined || field[1] === 1);
        assert.equal(nullable, mayBeNull ? 1 : 0);
        if (typeId !== 2) continue;
        assert.equal(parameters[0], Math.max(...found.map((field) => Number(field?.[3][0] ?? 0))));
      }
    }),
    { numRuns: 500 },
  );
});
