import { StoreError } from '../../core/errors.ts';
import { member, numberAt } from '../../core/json-fields.ts';
import type { WebHdfsClient } from './client.ts';
import type { CrcKind } from './crc32.ts';

/** What a NameNode does with a new file for which nothing else is said. */
export interface ServerDefaults {
  readonly blockSizeBytes: number;
  readonly replication: number | undefined;
  readonly bytesPerCrc: number;
  readonly crc: CrcKind;
}

/** Hadoop's own, for servers that do not tell (older than 3.0). */
const hadoopDefaults: ServerDefaults = {
  blockSizeBytes: 128 * 1024 * 1024,
  replication: undefined,
  bytesPerCrc: 512,
  crc: 'CRC32C',
};

/** `org.apache.hadoop.util.DataChecksum.Type` */
const crcById: Readonly<Record<number, CrcKind>> = { 1: 'CRC32', 2: 'CRC32C' };

/** Gives the server's defaults, asked for once. Rejects with a `StoreError` when they cannot be had now. */
export function serverDefaults(client: WebHdfsClient): () => Promise<ServerDefaults> {
  let asked: Promise<ServerDefaults> | undefined;
  return () => {
    asked ??= ask(client).catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}

async function ask(client: WebHdfsClient): Promise<ServerDefaults> {
  try {
    const json = await client.json({
      method: 'GET',
      operation: 'GETSERVERDEFAULTS',
      path: '/',
      op: 'create',
      attempt: `read the defaults of ${client.uri}`,
    });
    const told = member(json, 'FsServerDefaults');
    return {
      blockSizeBytes: numberAt(told, 'blockSize') ?? hadoopDefaults.blockSizeBytes,
      replication: numberAt(told, 'replication'),
      bytesPerCrc: numberAt(told, 'bytesPerChecksum') ?? hadoopDefaults.bytesPerCrc,
      crc: crcById[numberAt(told, 'checksumType') ?? 0] ?? hadoopDefaults.crc,
    };
  } catch (error) {
    if (error instanceof StoreError && error.code === 'not-supported') return hadoopDefaults;
    throw error;
  }
}
