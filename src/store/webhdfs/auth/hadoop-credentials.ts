/** A delegation token out of a file of Hadoop's `Credentials`. */
export interface StoredToken {
  /** `HDFS_DELEGATION_TOKEN`, `WEBHDFS delegation`, … */
  readonly kind: string;
  /** Whom it is for: `10.0.0.1:8020`, `ha-hdfs:nameservice1`. */
  readonly service: string;
  /** As WebHDFS takes it in its query (`Token.encodeToUrlString`). Secret. */
  readonly secret: string;
}

const magic = 'HDTS';

/**
 * The tokens in a file as `Credentials.writeTokenStorageToStream` writes it in its first format, which is its usual one: an alias, then
 * identifier, password, kind and service, each behind its length. Undefined for bytes that are no such file.
 */
export function tokensIn(bytes: Uint8Array): readonly StoredToken[] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.subarray(0, magic.length).toString('latin1') !== magic || buffer[magic.length] !== 0)
    return undefined;
  const at = { place: magic.length + 1 };
  const tokens: StoredToken[] = [];
  try {
    for (let left = lengthAt(buffer, at); left > 0; left--) {
      bytesAt(buffer, at);
      const start = at.place;
      bytesAt(buffer, at);
      bytesAt(buffer, at);
      const kind = bytesAt(buffer, at).toString('utf8');
      const service = bytesAt(buffer, at).toString('utf8');
      // In the query it stands as it does here.
      tokens.push({ kind, service, secret: buffer.subarray(start, at.place).toString('base64url') });
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return tokens;
}

interface Place {
  place: number;
}

function bytesAt(buffer: Buffer, at: Place): Buffer {
  const length = lengthAt(buffer, at);
  const end = at.place + length;
  if (end > buffer.length) throw new RangeError('the file ends too early');
  const found = buffer.subarray(at.place, end);
  at.place = end;
  return found;
}

/** A number of `WritableUtils.writeVInt`: a byte that is it, or that says how many bytes follow, the most significant first. */
function lengthAt(buffer: Buffer, at: Place): number {
  const first = buffer.readInt8(at.place++);
  if (first >= 0) return first;
  const count = -first - 112;
  // From -113 to -116; what is negative begins with a lesser one.
  if (count < 1 || count > 4) throw new RangeError('no length');
  const length = buffer.readUIntBE(at.place, count);
  at.place += count;
  return length;
}
