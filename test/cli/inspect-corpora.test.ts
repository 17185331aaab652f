import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeFile } from '../../src/cli/inspect/describe-file.ts';
import { describePages, firstPageOf } from '../../src/cli/inspect/describe-pages.ts';
import { renderFile } from '../../src/cli/inspect/render-file.ts';
import { renderPages } from '../../src/cli/inspect/render-pages.ts';
import { jsonLine } from '../../src/cli/output/json-line.ts';
import { plainStyle } from '../../src/cli/output/style.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { FormatError } from '../../src/core/errors.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { randomSource } from '../parquet/random-source.ts';

/** Files of other projects: see test/parquet/corpora.test.ts, which says loudly where they are missing. */
const corpora = process.env.CORPORA_DIR ?? '';
const hasCorpora = corpora !== '' && existsSync(join(corpora, 'classes.tsv'));
const skip = hasCorpora ? false : 'NO CORPORA: set CORPORA_DIR to a folder with classes.tsv';
if (!hasCorpora && process.env.CI === 'true') throw new Error(String(skip));

/** What inspect shows of a file with `--pages`, as text and as JSON; the refusal where it is none it can read. */
async function explained(name: string, bytes: Uint8Array) {
  const source = memorySource(name, bytes);
  try {
    const footer = await readFooter(source);
    const description = describeFile(footer, await firstPageOf(source, footer));
    const pages = await describePages(source, footer);
    const text = renderFile(description, plainStyle) + renderPages(pages, plainStyle);
    assert.ok(JSON.parse(jsonLine({ ...description, pages })) !== null, name);
    return { description, pages, text };
  } catch (error) {
    if (error instanceof FormatError) return { refusal: error };
    throw error;
  }
}

test('every file that others read is explained down to its pages, and no other ends in anything but a refusal', {
  skip,
}, async () => {
  let gold = 0;
  let refused = 0;
  for (const line of readFileSync(join(corpora, 'classes.tsv'), 'utf8').trim().split('\n').slice(1)) {
    const [corpus = '', file = '', , rows, found] = line.split('\t');
    const name = `${corpus}/${file}`;
    const shown = await explained(name, new Uint8Array(readFileSync(join(corpora, corpus, file))));
    if (found !== 'gold') {
      if ('refusal' in shown) refused++;
      continue;
    }
    assert.ok(!('refusal' in shown), `${name}: ${'refusal' in shown ? shown.refusal.message : ''}`);
    gold++;
    assert.equal(shown.description.rows, Number(rows), name);
    assert.match(shown.text, /\n {2}Rows +[\d,]+ in \d+ row groups?\n/, name);
    // Control characters of a file's names and values must not reach a terminal.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(shown.text, /[\u0000-\u0009\u000b-\u001f\u007f]/, name);
    for (const chunk of shown.pages) {
      assert.ok(
        chunk.pages.every(
          (page) => page.offsetBytes + page.compressedSizeBytes <= shown.description.sizeBytes,
        ),
        name,
      );
    }
  }
  assert.ok(gold > 200, `${gold} gold files`);
  assert.ok(refused > 10, `${refused} files refused`);
});

test('a damaged file is explained or refused, and nothing else', { skip }, async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const random = randomSource(seed);
  const small = readFileSync(join(corpora, 'classes.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, , sizeBytes, , found]) => found === 'gold' && Number(sizeBytes) < 60_000);
  let explainedOnes = 0;
  for (let i = 0; i < 1_500; i++) {
    const [corpus = '', file = ''] = random.pick(small);
    const bytes = new Uint8Array(readFileSync(join(corpora, corpus, file)));
    // Half of the damage in the footer, where every byte means something.
    const reach = random.chance(50) ? Math.min(bytes.length, 1_500) : bytes.length;
    for (let left = 1 + random.below(4); left > 0; left--) {
      bytes[bytes.length - 1 - random.below(reach)] = random.below(256);
    }
    if (!('refusal' in (await explained(`${corpus}/${file}`, bytes)))) explainedOnes++;
  }
  assert.ok(explainedOnes > 300 && explainedOnes < 1_400, `${explainedOnes} of 1,500 explained`);
});
