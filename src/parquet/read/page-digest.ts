import {
  type DigestState,
  digestHashes,
  digestIndexed,
  digestLevelRun,
  digestLevels,
} from '../fingerprint.ts';
import type { PageReader } from './page-reader.ts';

/** Adds the reader's current page to a digest. */
export function digestPage(state: DigestState, reader: PageReader): void {
  const { leaf, entryCount, presentCount } = reader;
  if (leaf.maxRepetitionLevel > 0) {
    digestLevels(state, reader.repetition, reader.definition, entryCount);
  } else if (leaf.maxDefinitionLevel === 0) {
    digestLevelRun(state, 0, 0, entryCount);
  } else if (reader.constantDefinition >= 0) {
    digestLevelRun(state, 0, reader.constantDefinition, entryCount);
  } else {
    digestLevels(state, undefined, reader.definition, entryCount);
  }
  if (presentCount === 0) return;
  if (reader.usesDictionary) {
    const { first, second } = reader.dictionary;
    digestIndexed(state, reader.indices, presentCount, first, second);
  } else {
    digestHashes(state, reader.first, reader.second, presentCount);
  }
}
