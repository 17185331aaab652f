import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../../src/core/errors.ts';
import { type StoredToken, tokensIn } from '../../src/store/webhdfs/auth/hadoop-credentials.ts';
import { handedToken } from '../../src/store/webhdfs/auth/handed-token.ts';
import { tempDirectory } from '../cli/dataset.ts';

/** A length as `WritableUtils.writeVInt` writes it. */
function length(value: number): Buffer {
  if (value < 128) return Buffer.from([value]);
  const digits: number[] = [];
  for (let left = value; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256);
  return Buffer.from([256 - 112 - digits.length, ...digits]);
}

function behindLength(bytes: Uint8Array): Buffer {
  return Buffer.concat([length(bytes.length), bytes]);
}

interface Made {
  readonly identifier: Uint8Array;
  readonly password: Uint8Array;
  readonly kind: string;
  readonly service: string;
}

function tokenBytes({ identifier, password, kind, service }: Made): Buffer {
  const parts = [identifier, password, Buffer.from(kind), Buffer.from(service)];
  return Buffer.concat(parts.map(behindLength));
}

/** A file as `Credentials` writes it, with one secret key behind the tokens. */
function fileOf(tokens: readonly Made[]): Buffer {
  const entries = tokens.flatMap((token, i) => [behindLength(Buffer.from(`alias ${i}`)), tokenBytes(token)]);
  const keys = [length(1), behindLength(Buffer.from('key')), behindLength(Buffer.from('value'))];
  return Buffer.concat([Buffer.from('HDTS\0', 'latin1'), length(tokens.length), ...entries, ...keys]);
}

const made: fc.Arbitrary<Made> = fc.record({
  identifier: fc.uint8Array({ maxLength: 700 }),
  password: fc.uint8Array({ maxLength: 40 }),
  kind: fc.string(),
  service: fc.string(),
});

test('every token of a file is found as it stands there; one that ends too early, or is none, has none', () => {
  fc.assert(
    fc.property(fc.array(made, { maxLength: 200 }), fc.nat(), (tokens, cut) => {
      const bytes = fileOf(tokens);
      const expected = tokens.map(
        (token): StoredToken => ({
          kind: Buffer.from(token.kind).toString('utf8'),
          service: Buffer.from(token.service).toString('utf8'),
          secret: tokenBytes(token).toString('base64url'),
        }),
      );
      assert.deepEqual(tokensIn(bytes), expected);
      const found = tokensIn(bytes.subarray(0, cut % bytes.length));
      assert.ok(found === undefined || found.length === tokens.length);
    }),
    { numRuns: 50 },
  );
  for (const other of [
    '',
    'HDTS',
    'HDTS\u0001',
    'HDTS\0',
    'PAR1 and more',
    'HDTS\0\u0080',
    'HDTS\0\u008b\u007f\u007f',
  ])
    assert.equal(tokensIn(Buffer.from(other, 'latin1')), undefined, JSON.stringify(other));
});

function token(kind: string, service: string): Made {
  return { identifier: Buffer.from(`who, for ${service}`), password: Buffer.from('secret'), kind, service };
}

async function written(t: TestContext, bytes: Uint8Array): Promise<string> {
  const path = join(await tempDirectory(t), 'container_tokens');
  await writeFile(path, bytes);
  return path;
}

const question = {
  endpoint: { origin: 'http://nn1:9870' },
  method: 'GET',
  operation: 'GETFILESTATUS',
} as const;

test('the token for the name service, the host or its address is used, for calls and not for servlets', async (t) => {
  const tokens = [
    token('YARN_AM_RM_TOKEN', 'lake'),
    token('HDFS_DELEGATION_TOKEN', 'ha-hdfs:other'),
    token('HDFS_DELEGATION_TOKEN', 'ha-hdfs:lake'),
    token('HDFS_DELEGATION_TOKEN', '127.0.0.1:8020'),
    token('WEBHDFS delegation', 'nn.example.com:9870'),
  ];
  const file = await written(t, fileOf(tokens));
  for (const [host, number] of [
    ['lake', 2],
    ['127.0.0.1', 3],
    ['localhost', 3],
    ['nn.example.com', 4],
  ] as const) {
    const authentication = handedToken(file, host);
    const [expected] = [tokens[number] ?? assert.fail()];
    assert.deepEqual(await authentication.credentialsFor(question), {
      parameters: { delegation: tokenBytes(expected).toString('base64url') },
    });
    assert.deepEqual(await authentication.credentialsFor({ ...question, operation: '/jmx' }), {});
    await assert.rejects(authentication.assureForSwap(), /nobody knows when it ends/);
  }
});

test('a file that has no token for the cluster is told of with what it has, and without a secret', async (t) => {
  const file = await written(t, fileOf([token('HDFS_DELEGATION_TOKEN', 'ha-hdfs:other')]));
  const damaged = await written(t, Buffer.from('HDTS\u0001 and so on', 'latin1'));
  for (const [path, why] of [
    [file, /it has no token for lake\.invalid, only HDFS_DELEGATION_TOKEN of ha-hdfs:other$/],
    [damaged, /it is no file of Hadoop tokens, or in a format that is not known here$/],
    [`${file}.absent`, /it cannot be read \(ENOENT\)$/],
  ] as const) {
    await assert.rejects(handedToken(path, 'lake.invalid').credentialsFor(question), (error: unknown) => {
      assert.ok(error instanceof StoreError && error.code === 'credentials-ending');
      assert.match(error.message, why);
      assert.ok(!`${error.message}${error.hint}`.includes('secret'));
      return true;
    });
  }
});
