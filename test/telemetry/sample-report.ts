import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import type { RunReport } from '../../src/telemetry/run-report.ts';

/** A partition in which there was nothing to do, but for what is said. */
export function samplePartition(differs: Partial<PartitionResult> = {}): PartitionResult {
  return {
    date: '2025-08-15',
    partitionPath: '/data/date=2025-08-15',
    result: 'nothing',
    rule: 'too-few-files',
    reason: 'too few files',
    filesBefore: 0,
    bytesBefore: 0,
    rows: 0,
    filesAfter: 0,
    filesKept: 1,
    bytesKept: 1,
    outputs: [],
    phaseMs: { list: 5 },
    durationMs: 10,
    warnings: [],
    ...differs,
  };
}

/** A run that went well and had nothing to do, but for what is said. */
export function sampleReport(differs: Partial<RunReport> = {}): RunReport {
  return {
    invocationId: '0b9ff7e4-3c1e-4f2f-8c46-5f7a9d1c0001',
    title: 'Telemetry',
    dataset: 'hdfs://nn:8020/data',
    toolVersion: '0.1.0',
    mode: 'rewrite',
    startedAtMs: Date.parse('2025-08-16T02:00:00Z'),
    finishedAtMs: Date.parse('2025-08-16T02:00:30Z'),
    durationMs: 30_000,
    exitCode: 0,
    partitions: [samplePartition()],
    sinkFailures: {},
    ...differs,
  };
}
