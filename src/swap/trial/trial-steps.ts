import { StoreError } from '../../core/errors.ts';
import type { Store } from '../../store/store.ts';
import type { TrialFiles } from './trial-files.ts';

/** Something a run does with files of a store, tried on files of no worth. */
export interface TrialStep {
  /** What is tried, e.g. `create`. */
  readonly name: string;
  /** Names of the steps that must have gone well before. */
  readonly needs: readonly string[];
  /** True of what no swap of the store does without. */
  readonly isForSwap?: boolean;
  /** Tries it and looks whether it took. Resolves to what was seen; rejects with the store's error or `trial-failed`. */
  attempt(): Promise<string>;
}

/** What a run does with files of this store, in an order in which each can be tried. */
export function trialSteps(store: Store, files: TrialFiles): readonly TrialStep[] {
  const common: readonly TrialStep[] = [
    {
      name: 'create',
      needs: [],
      async attempt() {
        await files.write('a', 'one,');
        return store.abilities.remote === true
          ? 'a file was written, and the store holds the very bytes that were sent'
          : 'a file was written and synced to the disk';
      },
    },
    {
      name: 'read',
      needs: ['create'],
      async attempt() {
        await files.expectText('a', 'one,');
        return 'what was written came back';
      },
    },
    {
      name: 'set mode',
      needs: ['create'],
      async attempt() {
        const before = await files.expect('a');
        await store.setAttributes(files.path('a'), { ...before, mode: 0o640 });
        const { mode } = await files.expect('a');
        if (mode !== 0o640) throw notTaken('the mode', '640', mode.toString(8), files.path('a'));
        return 'owner, group and mode of a file can be set, to those of its owner';
      },
    },
    {
      name: 'set times',
      needs: ['create'],
      async attempt() {
        await store.touch(files.path('a'));
        return 'the modification time can be set, which is how a run shows that it lives';
      },
    },
    {
      name: 'rename',
      needs: ['create'],
      async attempt() {
        const { fileId } = await files.write('b', 'two,');
        await store.rename(files.path('b'), files.path('c'));
        const found = await files.expect('c');
        await files.expectNothing('b');
        if (found.fileId !== fileId) throw notTaken('the file id', fileId, found.fileId, files.path('c'));
        const refusal = await refusalOf(() => store.rename(files.path('a'), files.path('c')));
        if (refusal?.code !== 'exists') throw overwritten(files.path('a'), files.path('c'));
        return 'a file got another name, and a taken name was refused';
      },
    },
  ];
  return [...common, ...(store.abilities.fold ? foldSteps(store, files) : directorySteps(store, files))];
}

/** What the swap on HDFS is made of. */
function foldSteps(store: Store, files: TrialFiles): readonly TrialStep[] {
  return [
    {
      name: 'concat',
      needs: ['create', 'rename'],
      isForSwap: true,
      async attempt() {
        const { fileId } = await files.write('base', 'base,');
        await store.concat(files.path('base'), [files.path('a'), files.path('c')]);
        await files.expectText('base', 'base,one,two,');
        await files.expectNothing('a');
        const found = await files.expect('base');
        if (found.fileId !== fileId) throw notTaken('the file id', fileId, found.fileId, files.path('base'));
        return 'three files became one in a single step (CONCAT)';
      },
    },
    {
      name: 'replace',
      needs: ['create'],
      isForSwap: true,
      async attempt() {
        await files.write('old', 'old');
        const { fileId } = await files.write('new', 'new');
        await store.replaceFile(files.path('new'), files.path('old'));
        const found = await files.expect('old');
        await files.expectNothing('new');
        if (found.fileId !== fileId) throw notTaken('the file id', fileId, found.fileId, files.path('old'));
        return 'a file took the place of another in a single step (RENAME with OVERWRITE)';
      },
    },
  ];
}

/** What the swap of whole directories is made of. */
function directorySteps(store: Store, files: TrialFiles): readonly TrialStep[] {
  const link: readonly TrialStep[] = [
    {
      name: 'hard link',
      needs: ['create'],
      isForSwap: true,
      async attempt() {
        await store.hardLink(files.path('a'), files.path('link'));
        const [one, other] = [await files.expect('a'), await files.expect('link')];
        if (one.fileId !== other.fileId)
          throw notTaken('the file id', one.fileId, other.fileId, files.path('link'));
        return 'a file got a second name, so that a partition can be built anew without copying';
      },
    },
  ];
  return [
    ...(store.abilities.hardLink ? link : []),
    {
      name: 'rename directory',
      needs: ['create'],
      isForSwap: true,
      async attempt() {
        await store.makeDirectory(files.path('from'), 0o700);
        const { fileId } = await files.expect('from');
        await store.rename(files.path('from'), files.path('to'));
        if ((await files.expect('to')).fileId !== fileId)
          throw overwritten(files.path('from'), files.path('to'));
        return 'a directory got another name in a single step';
      },
    },
  ];
}

async function refusalOf(mutation: () => Promise<void>): Promise<StoreError | undefined> {
  try {
    await mutation();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

function notTaken(what: string, expected: string, found: string, path: string): StoreError {
  return new StoreError(`${what} of ${path} should be ${expected}, found ${found}`, {
    code: 'trial-failed',
    op: 'trial',
    path,
  });
}

function overwritten(from: string, to: string): StoreError {
  return new StoreError(`a rename of ${from} to ${to} was not refused although that name was taken`, {
    code: 'trial-failed',
    op: 'rename',
    path: to,
  });
}
