import type { DigestState } from '../fingerprint.ts';
import type { PageReader } from './page-reader.ts';

/** Adds the reader's current page to a digest. */
export function digestPage(state: DigestState, reader: PageReader): void {
  const { leaf, entryCount, presentCount } = reader;
  const { kernel } = reader.rooms;
  if (leaf.maxRepetitionLevel > 0) {
    kernel.digestLevels(state.levelsAt, reader.repetition.at, reader.definition.at, entryCount);
  } else if (leaf.maxDefinitionLevel === 0) {
    kernel.digestLevelRun(state.levelsAt, 0, entryCount);
  } else if (reader.constantDefinition >= 0) {
    kernel.digestLevelRun(state.levelsAt, reader.constantDefinition, entryCount);
  } else {
    kernel.digestLevels(state.levelsAt, 0, reader.definition.at, entryCount);
  }
  state.entries += entryCount;
  state.present += presentCount;
  if (presentCount === 0) return;
  if (reader.usesDictionary) {
    kernel.digestIndexed(state.valuesAt, reader.indices.at, reader.dictionary.hashes.at, presentCount);
  } else {
    kernel.digestHashes(state.valuesAt, reader.hashes.at, presentCount);
  }
}
