import { SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { mergedName } from '../partition/names.ts';
import { swapDirectories } from './directories/swap-directories.ts';
import { binToFold } from './fold/fold-parts.ts';
import { swapFold } from './fold/swap-fold.ts';
import type { SwapReceipt } from './journal.ts';
import type { SwapPartitionRequest } from './swap-request.ts';

/**
 * Puts the merged files of all bins in place of their inputs, in one swap. Everything else in the partition stays the
 * very same file. Needs the lock, and leaves releasing it to the caller.
 * @throws SwapError, StoreError with `dataState`; unless the exit code is 14 with code `swap-interrupted` or
 *   `foreign-state`, the originals are untouched
 */
export async function swapPartition(request: SwapPartitionRequest): Promise<SwapReceipt> {
  const { store, plan, outputs } = request;
  const byBin = new Map(outputs.map((output) => [output.binIndex, output]));
  if (plan.bins.length === 0 || byBin.size !== plan.bins.length || outputs.length !== plan.bins.length) {
    throw unusable(
      `the plan of ${request.partitionPath} has ${plan.bins.length} bins, there are ${outputs.length} merged files`,
    );
  }
  await store.assureForSwap?.();
  if (store.abilities.fold) {
    const toFold = plan.bins.map((bin) => {
      const output = byBin.get(bin.index);
      if (output?.fold !== undefined) return binToFold(bin, request.lock.runId, output.fold, output.file);
      throw unusable(`bin ${bin.index} of ${request.partitionPath} has nothing to fold with`);
    });
    return await swapFold(request, toFold);
  }
  if (!store.abilities.hardLink && store.abilities.moveAlong !== true) {
    throw unusable(
      `the store ${store.uri} has no hard links, so a partition cannot be built anew beside the old one`,
    );
  }
  const added = plan.bins.map((bin) => {
    const output = byBin.get(bin.index);
    if (output?.file === undefined)
      throw unusable(`bin ${bin.index} of ${request.partitionPath} has no merged file`);
    return {
      name: mergedName(bin.inputs[0]?.name ?? '', request.lock.runId, bin.index),
      sourcePath: output.file.stagedPath,
      ref: output.file.ref,
      take: 'rename' as const,
      attributes: bin.attributes,
      binIndex: bin.index,
      receipt: output.file.receipt,
    };
  });
  return await swapDirectories({
    store,
    lock: request.lock,
    basePath: request.basePath,
    partitionPath: request.partitionPath,
    kind: 'consolidate',
    removed: plan.bins.flatMap((bin) => bin.inputs),
    added,
    verification: added.map((file) => file.receipt),
    plan,
    keepBackup: request.keepBackup,
    toolVersion: request.toolVersion,
    ...(request.begunAtMs === undefined ? {} : { begunAtMs: request.begunAtMs }),
    allowAttributeChange: request.allowAttributeChange ?? false,
    log: request.log,
  });
}

function unusable(message: string): SwapError {
  return new SwapError(message, {
    code: 'swap-not-possible',
    exitCode: exitCodes.unsupportedInput,
    dataState: 'the originals are untouched',
  });
}
