import type { Placement } from './store.ts';

/** Who is asking, as a person is told. Holds no secret. */
export interface Identity {
  readonly kind: 'simple' | 'kerberos' | 'delegation-token';
  readonly who: string;
  /** When the proof ends, in milliseconds since 1970. */
  readonly expiresAtMs?: number;
  readonly detail?: string;
}

/** What one server of a store's head says of itself. */
export interface ServerFacts {
  /** Scheme, host and port. */
  readonly origin: string;
  /** As the NameNode tells it, e.g. `active` or `standby`; absent when it does not tell. */
  readonly state?: string;
  /** Of its software, e.g. `3.4.2`. */
  readonly version?: string;
  /** True while it refuses every change. */
  readonly isInSafeMode?: boolean;
  /** DataNodes that it believes alive. */
  readonly liveDataNodes?: number;
  /** Room that is left on them, all copies counted. */
  readonly remainingBytes?: number;
  /** Why it could not be asked, or not all. */
  readonly problem?: string;
}

/** A limit on what lies below a directory, and how much of it is used. */
export interface Quota {
  /** Full path of the directory that has it. */
  readonly path: string;
  /** names: files and directories. space: bytes of all copies. Else a storage type such as `SSD`: bytes of copies on it. */
  readonly of: string;
  readonly limit: number;
  readonly used: number;
}

/** The quotas that hold for a directory: its own and those of the directories above it. */
export interface QuotaReport {
  readonly quotas: readonly Quota[];
  /** Directories that were not asked since counting what lies below them would burden the store, or is not allowed. */
  readonly notAsked: readonly string[];
}

/** How a directory is kept, as far as it matters for files that are moved in and out. */
export interface PlaceFacts {
  /** Root of the encryption zone it lies in. */
  readonly encryptionZone?: string;
  /** Name of the erasure coding policy for new files. */
  readonly erasureCoding?: string;
  /** Name of the storage policy in effect, where it is not the store's default. */
  readonly storagePolicy?: string;
  /** The directory itself and those above it of which snapshots may be taken, each with how many there are. */
  readonly snapshottable: readonly { readonly path: string; readonly snapshots: number }[];
}

/** Questions to a store that only somebody asks who wants to know what it would say to a run. None changes anything. */
export interface Survey {
  /** Every server that may be the one in charge, asked each by itself. Never rejects. */
  servers(): Promise<readonly ServerFacts[]>;
  /** Origin of the server that answered last. */
  activeServer(): string;
  /** How this process proves who asks. */
  identity(): Promise<Identity>;
  /** The name the store takes that for. */
  userName(): Promise<string>;
  /** True for a user that no permission holds for; undefined when it cannot be told. */
  isSuperuser(): Promise<boolean | undefined>;
  /** Whether the user may do this with a file or directory; undefined when the server does not answer that. */
  mayAccess(path: string, access: 'r-x' | 'rwx'): Promise<boolean | undefined>;
  quotas(directory: string): Promise<QuotaReport>;
  /** How a new file is kept of which nothing is said when it is made; undefined when the store does not tell. */
  usualPlacement(): Promise<Placement | undefined>;
  place(directory: string): Promise<PlaceFacts>;
  /** Algorithm of the checksum the store has of a file, e.g. `MD5-of-0MD5-of-512CRC32C`; undefined when it tells none. */
  checksumAlgorithm(path: string): Promise<string | undefined>;
}
