import { StoreError } from '../../core/errors.ts';
import { member, numberAt, textAt } from '../../core/json-fields.ts';
import type { FileStatus } from '../store.ts';

/** A FileStatus as the NameNode tells it, and what the store's own does not say. */
export interface RemoteStatus {
  /** Without ACL entries and storage policy. */
  readonly status: FileStatus;
  /** There are ACL entries, to be asked for. */
  readonly hasAcl: boolean;
  /** Number of the storage policy in effect, 0 for none. */
  readonly storagePolicyId: number;
  /** Of a directory: snapshots may be taken of it. */
  readonly isSnapshottable: boolean;
  /** It lies in an encryption zone, or is the root of one. */
  readonly isEncrypted: boolean;
  /** Name of the erasure coding policy of a file, or of new files of a directory; absent where they are replicated. */
  readonly erasureCoding?: string;
}

/**
 * Reads one FileStatus (`org.apache.hadoop.hdfs.web.JsonUtil.toJsonMap`).
 * @param path full path of the entry
 * @throws StoreError `not-webhdfs` when a fact is missing that nothing can be done without
 */
export function remoteStatus(json: unknown, path: string): RemoteStatus {
  const type = textAt(json, 'type');
  const kind = type === 'FILE' ? 'file' : type === 'DIRECTORY' ? 'directory' : 'other';
  const fileId = numberAt(json, 'fileId');
  const [sizeBytes, modifiedAtMs] = [numberAt(json, 'length'), numberAt(json, 'modificationTime')];
  const [owner, group] = [textAt(json, 'owner'), textAt(json, 'group')];
  const permission = textAt(json, 'permission') ?? '';
  if (fileId === undefined || fileId === 0) {
    throw new StoreError(`cannot look at ${path}: the server does not say which file it is (fileId)`, {
      code: 'no-file-id',
      op: 'stat',
      path,
      hint: 'name the NameNode itself: a gateway (HttpFS) hides what is needed to replace files safely',
    });
  }
  if (
    sizeBytes === undefined ||
    modifiedAtMs === undefined ||
    owner === undefined ||
    group === undefined ||
    !/^[0-7]{1,4}$/.test(permission)
  ) {
    throw new StoreError(
      `cannot look at ${path}: the answer is no file status: ${JSON.stringify(json)?.slice(0, 200)}`,
      {
        code: 'not-webhdfs',
        op: 'stat',
        path,
      },
    );
  }
  const status: FileStatus = {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    kind,
    sizeBytes,
    modifiedAtMs,
    fileId: String(fileId),
    owner,
    group,
    mode: Number.parseInt(permission, 8),
    acl: [],
  };
  const isErasureCoded = member(json, 'ecBit') === true;
  const isEncrypted = member(json, 'encBit') === true;
  const keptAs = isErasureCoded ? 'erasure-coded' : isEncrypted ? 'encrypted' : undefined;
  const coding = isErasureCoded ? { erasureCoding: textAt(json, 'ecPolicy') ?? 'not told' } : {};
  const placement = {
    blockSizeBytes: numberAt(json, 'blockSize') ?? 0,
    replication: numberAt(json, 'replication') ?? 0,
    ...coding,
  };
  return {
    status:
      kind === 'file'
        ? { ...status, placement, ...coding, ...(keptAs === undefined ? {} : { keptAs }) }
        : status,
    hasAcl: member(json, 'aclBit') === true,
    storagePolicyId: numberAt(json, 'storagePolicy') ?? 0,
    isSnapshottable: member(json, 'snapshotEnabled') === true,
    isEncrypted,
    ...coding,
  };
}
