import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsFreed } from '../../src/pipeline/partition-report.ts';
import type { Bin } from '../../src/plan/partition-plan.ts';
import { exposition } from '../../src/telemetry/metrics/exposition.ts';
import { gatewayAddress, groupUrl } from '../../src/telemetry/metrics/gateway-address.ts';
import { metricTable } from '../../src/telemetry/metrics/metric-table.ts';
import { runFigures } from '../../src/telemetry/metrics/run-figures.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { parseMetrics } from './parsed-metrics.ts';
import { samplePartition, sampleReport } from './sample-report.ts';

const mb = 2 ** 20;
const attributes = { owner: 'etl', group: 'etl', mode: 0o644, acl: [] };

/** Ten files of 30 MB and one of 130 MB on HDFS with blocks of 128 MB. */
function bin(index = 0): Bin {
  const inputs = Array.from({ length: 11 }, (_, i) => ({
    name: `${i}.parquet`,
    fileId: String(i),
    sizeBytes: (i === 10 ? 130 : 30) * mb,
    modifiedAtMs: 0,
  }));
  const sizeBytes = 430 * mb;
  return {
    index,
    inputs,
    schemaKey: 'k',
    attributes,
    placement: { blockSizeBytes: 128 * mb, replication: 3 },
    rows: 1000,
    sizeBytes,
    inputSizeBytes: sizeBytes,
  };
}

/** What such files were folded into: one of so many MB. */
function folded(binIndex: number, sizeMb: number) {
  const ofInputs = { rows: 1000, rowGroups: 3, inputFiles: 11, inputSizeBytes: 430 * mb };
  return { binIndex, facts: { ...ofInputs, sizeBytes: sizeMb * mb } };
}

/** What they were merged into. */
function merged(binIndex: number, sizeMb: number) {
  const { facts } = folded(binIndex, sizeMb);
  const verification = { rows: 1000, rowGroups: 3, level: 'full', sha256: '', columns: [] } as const;
  return { binIndex, facts: { ...facts, verification } };
}

/** These files merged into one of 300 MB. */
function consolidated(differs: Partial<PartitionResult> = {}): PartitionResult {
  const sizeBytes = 430 * mb;
  return samplePartition({
    result: 'consolidated',
    filesBefore: 11,
    bytesBefore: sizeBytes,
    filesAfter: 1,
    bytesAfter: 300 * mb,
    rows: 1000,
    objectsFreed: 19,
    durationMs: 22_000,
    phaseMs: { list: 1000, merge: 10_000, verify: 8000 },
    ...differs,
  });
}

function failed(exitCode: 12 | 13 | 14, code: string, durationMs = 40_000): PartitionResult {
  return samplePartition({
    result: 'failed',
    rule: code,
    durationMs,
    error: { code, exitCode, message: '', dataState: '' },
  });
}

test('objects are files and their blocks; CONCAT frees no block', () => {
  // 10 files of one block, one of two; one file of three blocks instead.
  assert.equal(objectsFreed({ bins: [bin()] }, [merged(0, 300)]), 10 * 2 + 3 - (1 + 3));
  assert.equal(objectsFreed({ bins: [bin()] }, [folded(0, 430)]), 10);
  // Each merged file is held against the files it was made of, whatever their order.
  const other: Bin = { ...bin(1), placement: { blockSizeBytes: 16 * mb, replication: 3 } };
  const both = objectsFreed({ bins: [bin(), other] }, [merged(1, 32), merged(0, 300)]);
  assert.equal(both, 19 + (10 * 3 + 1 + 9 - (1 + 2)));
  // Where the store has no blocks; and what grew, since it is compressed less.
  const { placement: _, ...local } = bin();
  assert.equal(objectsFreed({ bins: [local] }, [merged(0, 300)]), 10);
  const one: Bin = { ...bin(), inputs: bin().inputs.slice(0, 1) };
  assert.equal(objectsFreed({ bins: [one] }, [merged(0, 200)]), -1);
  const partitions = [consolidated(), consolidated({ objectsFreed: -1 }), samplePartition()];
  assert.equal(runFigures(sampleReport({ partitions })).objectsFreed, 18);
});

test('a run over several partitions is summed up, and only what was done counts', () => {
  const report = sampleReport({
    exitCode: 3,
    partitions: [
      consolidated({ swapsRecovered: 2, warnings: ['a', 'b'] }),
      consolidated({ durationMs: 11_000 }),
      samplePartition(),
      samplePartition({ result: 'waiting' }),
      samplePartition({ result: 'refused', rule: 'schema-differs' }),
      failed(13, 'digest-differs'),
      failed(14, 'swap-interrupted'),
      failed(12, 'schema-differs'),
    ],
  });
  const figures = runFigures(report);
  assert.deepEqual(figures.partitions, { consolidated: 2, nothing: 1, waiting: 1, refused: 1, failed: 3 });
  assert.equal(figures.successRatio, 2 / 6);
  assert.equal(figures.filesConsolidated, 22);
  assert.equal(figures.filesWritten, 2);
  assert.equal(figures.filesPerSecond, 22 / 33);
  assert.equal(figures.meanPartitionSeconds, 16.5);
  assert.equal(figures.longestPartitionSeconds, 40);
  assert.equal(figures.fileReductionRatio, 1 - 2 / 22);
  assert.equal(figures.storageGainRatio, 1 - 600 / 860);
  assert.equal(figures.verificationFailures, 1);
  assert.equal(figures.recoveryNeeded, 1);
  assert.equal(figures.swapsRecovered, 2);
  assert.equal(figures.warnings, 2);
  assert.deepEqual(
    [...figures.errors],
    [
      ['digest-differs', 1],
      ['swap-interrupted', 1],
      ['schema-differs', 2],
    ],
  );
  assert.equal(figures.phaseSeconds.merge, 20);
  assert.equal(figures.phaseSeconds.swap, 0);
});

test('where nothing was merged there is no ratio, and no division by zero', () => {
  const figures = runFigures(sampleReport());
  assert.ok(Number.isNaN(figures.fileReductionRatio));
  assert.ok(Number.isNaN(figures.storageGainRatio));
  assert.ok(Number.isNaN(figures.successRatio));
  assert.ok(Number.isNaN(figures.meanPartitionSeconds));
  assert.equal(figures.filesPerSecond, 0);
  assert.equal(figures.longestPartitionSeconds, 0);
});

test('every metric of the table is told with label dataset, none by date; of a failure all but the last success', async () => {
  const partitions = [consolidated(), failed(13, 'digest-differs')];
  const report = sampleReport({ partitions, exitCode: 3, shard: '0/4', sinkFailures: { webhook: 1 } });
  const names = (text: string): readonly string[] =>
    [...new Set(parseMetrics(text).map(({ name }) => name))].sort();
  const all = metricTable.map(({ name }) => `parquet_consolidation_${name}`).sort();
  const failure = await exposition(report);
  assert.deepEqual(
    names(failure),
    all.filter((name) => !name.includes('last_success')),
  );
  assert.deepEqual(names(await exposition({ ...report, exitCode: 0 })), all);
  for (const { name, labels } of parseMetrics(failure)) {
    assert.equal(labels.dataset, 'hdfs://nn:8020/data', name);
    assert.equal(labels.shard, '0/4', name);
    assert.ok(!('date' in labels), name);
  }
});

test('the group is a path that survives proxies, whatever job and dataset are called', () => {
  const gateway = { url: 'http://gw:9091/prefix' };
  const path = groupUrl(gateway, {
    job: 'parquet_consolidation',
    dataset: 'hdfs://nn:8020/ä b',
    shard: '0/4',
  });
  const [, job, dataset, shard] =
    /^http:\/\/gw:9091\/prefix\/metrics\/job\/([^/]+)\/dataset@base64\/([\w-]+)\/shard@base64\/([\w-]+)$/.exec(
      path,
    ) ?? [];
  assert.equal(job, 'parquet_consolidation');
  assert.equal(Buffer.from(dataset ?? '', 'base64url').toString(), 'hdfs://nn:8020/ä b');
  assert.equal(Buffer.from(shard ?? '', 'base64url').toString(), '0/4');
});

test('an address is taken apart into what may be printed and what may not', () => {
  assert.deepEqual(gatewayAddress({ url: 'https://gw:9091/x/?a=b' }), { url: 'https://gw:9091/x' });
  assert.deepEqual(gatewayAddress({ url: 'http://u:p@gw/', bearerToken: 't' }), {
    url: 'http://gw',
    authorization: 'Bearer t',
  });
  assert.equal(gatewayAddress({ url: 'gw:9091' }), undefined);
  assert.equal(gatewayAddress({ url: 'not a URL' }), undefined);
});
