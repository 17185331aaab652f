import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { FormatError } from '../../src/core/errors.ts';
import { codec } from '../../src/parquet/format.ts';
import { type Page, pages } from '../../src/parquet/read/pages.ts';
import { foreignFile } from './foreign-file.ts';
import { inputOf, mergeBytes } from './merging.ts';
import { type Field, randomRows } from './model.ts';
import { randomSource } from './random-source.ts';

const fields: readonly Field[] = [
  { name: 'a', repetition: 1, type: 2, children: [] },
  { name: 'b', repetition: 2, type: 6, children: [] },
];

async function pagesOf(bytes: Uint8Array): Promise<readonly (Page & { column: number; rowGroup: number })[]> {
  const { source, footer } = await inputOf(bytes);
  const all: (Page & { column: number; rowGroup: number })[] = [];
  for (const rowGroup of footer.rowGroups.keys()) {
    for (const column of footer.leaves.keys()) {
      for await (const page of pages(source, footer, rowGroup, column))
        all.push({ ...page, column, rowGroup });
    }
  }
  return all;
}

for (const pageVersion of [1, 2] as const) {
  test(`a wrong CRC is refused where it stands: every page of version ${pageVersion}, dictionaries too`, async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 4; seed++) {
      const random = randomSource(seed);
      const rows = [randomRows(random, fields, 40), randomRows(random, fields, 20)];
      // Uncompressed, so that only the CRC can tell.
      const { bytes } = foreignFile(fields, rows, seed, {
        pageVersion,
        hasCrc: true,
        codec: codec.UNCOMPRESSED,
      });
      const good = await mergeBytes([bytes]);
      for (const page of await pagesOf(bytes)) {
        const { kind, offsetBytes, headerSizeBytes, compressedSizeBytes, crc } = page;
        const body = bytes.subarray(offsetBytes + headerSizeBytes).subarray(0, compressedSizeBytes);
        assert.equal(crc, crc32(body));
        // A page without values may stand behind the last one, where nobody reads it.
        if (body.length === 0 || page.values === 0) continue;
        kinds.add(kind);
        const damaged = bytes.slice();
        const at = offsetBytes + headerSizeBytes + compressedSizeBytes - 1;
        damaged[at] = (damaged[at] ?? 0) ^ 16;
        await assert.rejects(mergeBytes([damaged]), (error) => {
          assert.ok(error instanceof FormatError, String(error));
          const where = `row group ${page.rowGroup}, column ${page.column === 0 ? 'a' : 'b'}, page ${page.number}, offset ${offsetBytes}`;
          assert.ok(error.message.startsWith(`input-0, ${where}: CRC of the page is `), error.message);
          return true;
        });
      }
      assert.ok(good.result.rows > 0);
    }
    assert.deepEqual([...kinds].sort(), [
      pageVersion === 1 ? 'DATA_PAGE' : 'DATA_PAGE_V2',
      'DICTIONARY_PAGE',
    ]);
  });
}

test('every page that is written has a CRC that is right', async () => {
  const random = randomSource(9);
  const { bytes } = foreignFile(fields, [randomRows(random, fields, 300)], 9, { hasCrc: false });
  const merged = await mergeBytes([bytes], { pages: { pageRows: 20 } });
  const written = await pagesOf(merged.bytes);
  assert.ok(written.length > 20);
  for (const { offsetBytes, headerSizeBytes, compressedSizeBytes, crc } of written) {
    const from = offsetBytes + headerSizeBytes;
    assert.equal(crc, crc32(merged.bytes.subarray(from, from + compressedSizeBytes)));
  }
});
