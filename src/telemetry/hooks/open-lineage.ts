import { relativePathOf } from '../../core/partition-key.ts';
import type { PartitionResult } from '../partition-result.ts';
import type { ReportSink, RunReport } from '../run-report.ts';
import { type PostTarget, postJson } from './post-json.ts';

/** Path of the API below the address of a server, which is what `OPENLINEAGE_URL` names for every client. */
const endpoint = '/api/v1/lineage';

/** The URL events are posted to: a bare address gets the path of the API, one with a path stays as it is. */
export function lineageUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = endpoint;
  return parsed.href;
}

/** Where lineage is told, and under which name. */
export interface LineageTarget extends PostTarget {
  /** Namespace of the job. */
  readonly namespace: string;
}

const producer = 'urn:parquet-consolidator';
const schema = 'https://openlineage.io/spec';

/**
 * Tells an OpenLineage server of a run, once it is over: START with the time it began, then COMPLETE or FAIL, each partition a dataset
 * that was read and written (https://openlineage.io/spec/2-0-2/OpenLineage.json).
 */
export function openLineageSink(target: LineageTarget): ReportSink {
  return {
    name: 'openlineage',
    deliver: async (report) => {
      for (const event of lineageEvents(report, target.namespace)) {
        const problem = await postJson(target, event);
        if (problem !== undefined) return [`the lineage of the run could not be told: ${problem}`];
      }
      return [];
    },
  };
}

/** The two events of a run. */
export function lineageEvents(
  report: RunReport,
  namespace: string,
): readonly Readonly<Record<string, unknown>>[] {
  const done = report.partitions.filter(({ result }) => result === 'consolidated');
  const datasets = done.map((partition) => ({ partition, ...nameOf(report.dataset, partition.date) }));
  const message =
    report.error?.message ?? report.partitions.find(({ error }) => error !== undefined)?.error?.message;
  const common = {
    producer,
    schemaURL: `${schema}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    job: { namespace, name: `consolidate ${report.dataset}` },
    inputs: datasets.map(({ namespace: of, name, partition }) => ({
      namespace: of,
      name,
      inputFacets: { inputStatistics: statistics('InputStatistics', partition, 'before') },
    })),
    outputs: datasets.map(({ namespace: of, name, partition }) => ({
      namespace: of,
      name,
      outputFacets: { outputStatistics: statistics('OutputStatistics', partition, 'after') },
    })),
  };
  const hasFailed = report.exitCode !== 0;
  const errorFacet =
    hasFailed && message !== undefined
      ? {
          errorMessage: {
            _producer: producer,
            _schemaURL: `${schema}/facets/1-0-1/ErrorMessageRunFacet.json`,
            message,
            programmingLanguage: 'JavaScript',
          },
        }
      : {};
  return [
    {
      ...common,
      eventType: 'START',
      eventTime: new Date(report.startedAtMs).toISOString(),
      run: { runId: report.invocationId },
    },
    {
      ...common,
      eventType: hasFailed ? 'FAIL' : 'COMPLETE',
      eventTime: new Date(report.finishedAtMs).toISOString(),
      run: { runId: report.invocationId, facets: errorFacet },
    },
  ];
}

/** Names of datasets by OpenLineage's convention: `hdfs://host:port` and the path, or `file` and the path. */
function nameOf(dataset: string, key: string): { readonly namespace: string; readonly name: string } {
  const [, authority, path] = /^([a-z]+:\/\/[^/]+)(\/.*)$/.exec(dataset) ?? [];
  return authority === undefined
    ? { namespace: 'file', name: `${dataset}/${relativePathOf(key)}` }
    : { namespace: authority, name: `${path}/${relativePathOf(key)}` };
}

function statistics(facet: string, partition: PartitionResult, when: 'before' | 'after'): unknown {
  const version = facet === 'InputStatistics' ? '1-0-0' : '1-0-2';
  const [files, bytes] =
    when === 'before'
      ? [partition.filesBefore, partition.bytesBefore]
      : [partition.filesAfter, partition.bytesAfter];
  return {
    _producer: producer,
    _schemaURL: `${schema}/facets/${version}/${facet}${when === 'before' ? 'Input' : 'Output'}DatasetFacet.json`,
    rowCount: partition.rows,
    fileCount: files,
    ...(bytes === undefined ? {} : { size: bytes }),
  };
}
