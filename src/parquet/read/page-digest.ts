import type { DigestState } from '../fingerprint.ts';
import type { DecodedPage } from './decoded-page.ts';

/** Adds a page to a digest. */
export function digestPage(state: DigestState, page: DecodedPage): void {
  const { leaf, entryCount, presentCount } = page;
  const { kernel } = page.rooms;
  if (leaf.maxRepetitionLevel > 0) {
    kernel.digestLevels(state.levelsAt, page.repetition.at, page.definition.at, entryCount);
  } else if (leaf.maxDefinitionLevel === 0) {
    kernel.digestLevelRun(state.levelsAt, 0, entryCount);
  } else if (page.constantDefinition >= 0) {
    kernel.digestLevelRun(state.levelsAt, page.constantDefinition, entryCount);
  } else {
    kernel.digestLevels(state.levelsAt, 0, page.definition.at, entryCount);
  }
  state.entries += entryCount;
  state.present += presentCount;
  if (presentCount === 0) return;
  if (page.usesDictionary) {
    kernel.digestIndexed(state.valuesAt, page.indices.at, page.dictionary.hashes.at, presentCount);
  } else {
    kernel.digestHashes(state.valuesAt, page.hashes.at, presentCount);
  }
}
