import { type ClientRequest, request } from 'node:http';
import { type HdfsAddress, hdfs, hdfsJson } from './hdfs-request.ts';

/** A file of HDFS that somebody is writing to. */
export interface FileBeingWritten {
  /** Ends the write; what was sent is in the file then. */
  finish(): Promise<void>;
}

/**
 * Opens a file for writing and leaves it open: a new one with CREATE, one that is there with APPEND. One byte is sent, so
 * that HDFS knows of the writer.
 */
export async function openForWriting(
  address: HdfsAddress,
  path: string,
  op: 'CREATE' | 'APPEND',
): Promise<FileBeingWritten> {
  const method = op === 'CREATE' ? 'PUT' : 'POST';
  const { Location } = (await hdfsJson(address, { method, op, path, params: { noredirect: true } })) as {
    Location: string;
  };
  let outgoing: ClientRequest | undefined;
  const done = new Promise<void>((resolve, reject) => {
    outgoing = request(Location, {
      method,
      agent: false,
      headers: { 'content-type': 'application/octet-stream' },
    });
    outgoing.on('response', (reply) => {
      reply.resume();
      reply.on('end', resolve);
    });
    outgoing.on('error', reject);
    outgoing.write('x');
  });
  // An error before `finish` is told there.
  done.catch(() => {});
  await untilItExists(address, path);
  return {
    async finish() {
      outgoing?.end();
      await done;
    },
  };
}

/** A new file appears only once the DataNode has asked the NameNode for it; an old one is leased by then, too. */
async function untilItExists(address: HdfsAddress, path: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    // APPEND by somebody else is refused while there is a writer; asking does not disturb him.
    const found = await hdfs(address, { method: 'GET', op: 'GETFILESTATUS', path }).then(
      () => true,
      () => false,
    );
    if (found && attempt >= 5) return;
  }
  throw new Error(`${path} was not opened within 5 s`);
}
