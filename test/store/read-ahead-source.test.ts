import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ByteSource, memorySource } from '../../src/core/byte-source.ts';
import { StoreError } from '../../src/core/errors.ts';
import { readAheadSource } from '../../src/store/read-ahead-source.ts';

const limits = { windowBytes: 10, windowsAhead: 2, keepBytes: 50 };

describe('reading a file ahead', () => {
  it('gives the same bytes as the file itself, wherever and in whatever order they are asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 130 }),
        fc.array(fc.tuple(fc.nat(130), fc.nat(130)), { maxLength: 30 }),
        async (bytes, ranges) => {
          const ahead = readAheadSource(memorySource('/f', bytes), limits);
          const reads = ranges.map(async ([a, b]) => {
            const start = Math.min(a, bytes.length);
            const length = Math.min(b, bytes.length - start);
            assert.deepEqual(await ahead.read(start, length), bytes.slice(start, start + length));
          });
          await Promise.all(reads);
          await ahead.close();
        },
      ),
    );
  });

  it('reads a file that it can keep once, in windows, however often it is gone through', async () => {
    const { source, reads } = counted(45);
    const ahead = readAheadSource(source, limits);
    for (let pass = 0; pass < 2; pass++) {
      for (let offset = 0; offset < 45; offset += 3) await ahead.read(offset, 3);
    }
    assert.deepEqual(reads, ['0+10', '10+10', '20+10', '30+10', '40+5']);
  });

  it('reads a longer one once for each time it is gone through, and keeps no more than it may', async () => {
    const { source, reads } = counted(200);
    const ahead = readAheadSource(source, limits);
    for (let pass = 0; pass < 3; pass++) {
      for (let offset = 0; offset < 200; offset += 5) await ahead.read(offset, 5);
    }
    assert.ok(reads.length >= 60 && reads.length <= 66, `${reads.length} reads`);
  });

  it('goes on reading before it is asked only where one window follows the other', async () => {
    const { source, reads } = counted(200);
    const ahead = readAheadSource(source, limits);
    await ahead.read(150, 4);
    await ahead.read(30, 4);
    assert.deepEqual(reads, ['150+10', '30+10']);
    await ahead.read(40, 4);
    assert.deepEqual(reads.slice(2), ['40+10', '50+10', '60+10']);
  });

  it('passes a range on that is longer than what it may keep, and one that is out of bounds', async () => {
    const { source, reads } = counted(200);
    const ahead = readAheadSource(source, limits);
    assert.equal((await ahead.read(5, 100)).length, 100);
    assert.deepEqual(reads, ['5+100']);
    await assert.rejects(ahead.read(190, 11), RangeError);
    await assert.rejects(ahead.read(-1, 5), RangeError);
  });

  it('tells of a failure to whoever needs those bytes, and tries again for the next', async () => {
    let failures = 1;
    const inner = memorySource('/f', new Uint8Array(100));
    const source: ByteSource = {
      ...inner,
      read: async (offset, length) => {
        if (offset === 20 && failures-- > 0) {
          throw new StoreError('cannot read /f', { code: 'no-answer', op: 'read', path: '/f' });
        }
        return inner.read(offset, length);
      },
    };
    const ahead = readAheadSource(source, limits);
    await ahead.read(0, 10);
    await ahead.read(10, 10);
    // Begun and failed before it was needed: nobody has heard of it, so it is tried anew.
    assert.equal((await ahead.read(20, 10)).length, 10);
    failures = 1;
    const again = readAheadSource(source, { ...limits, windowsAhead: 0 });
    await assert.rejects(again.read(15, 10), { code: 'no-answer' });
    assert.equal((await again.read(15, 10)).length, 10);
  });
});

function counted(sizeBytes: number): { source: ByteSource; reads: string[] } {
  const reads: string[] = [];
  const inner = memorySource(
    '/f',
    Uint8Array.from({ length: sizeBytes }, (_, i) => i),
  );
  return {
    reads,
    source: {
      ...inner,
      read: (offset, length) => {
        reads.push(`${offset}+${length}`);
        return inner.read(offset, length);
      },
    },
  };
}
