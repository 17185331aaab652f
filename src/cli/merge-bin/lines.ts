import { createHash } from 'node:crypto';
import { copyOfError, type ErrorCopy } from '../../core/error-copy.ts';
import { ConfigError } from '../../core/errors.ts';
import { parsedJson } from '../../core/json-fields.ts';
import type { MergedElsewhere, MergeTask } from '../../pipeline/bin-executor.ts';
import type { DatasetPlace } from './dataset-place.ts';
import { isObject } from './json-shapes.ts';
import { mergedIn } from './merged-in.ts';

/** A task and where its files are. */
export interface PlacedTask {
  readonly place: DatasetPlace;
  readonly task: MergeTask;
}

/** What came of a task, or that nobody could be found to do it. */
export type Answer =
  | { readonly id: string; readonly done: MergedElsewhere }
  | { readonly id: string; readonly failed: ErrorCopy }
  | { readonly id: string; readonly lost: string };

const format = 1;

/** A task as one line of JSON, without its end. */
export function taskLine(placed: PlacedTask, version: string): string {
  const body = JSON.stringify(placed);
  const head = `"format":${format},"version":${JSON.stringify(version)},"id":${JSON.stringify(placed.task.id)}`;
  return `{${head},"sha256":"${sha256(body)}","body":${body}}`;
}

/** What tells whoever has a task that it is needed no more; a line of JSON, without its end. */
export function cancelLine(id: string): string {
  return JSON.stringify({ id, cancel: true });
}

/** The id that a line is about; undefined when it has none. */
export function idOf(line: string): string | undefined {
  const parsed = parsedJson(line);
  return isObject(parsed) && typeof parsed.id === 'string' ? parsed.id : undefined;
}

/**
 * The task in a line that {@link taskLine} of the same version made.
 * @throws ConfigError `worker-version`, `task-unreadable`
 */
export function parseTaskLine(line: string, version: string): PlacedTask {
  const parsed = parsedJson(line);
  if (!isObject(parsed)) throw unreadable('it is no JSON object');
  if (parsed.format !== format || parsed.version !== version) throw otherVersion(parsed.version, version);
  const found = sha256(JSON.stringify(parsed.body));
  if (found !== parsed.sha256) {
    throw unreadable(`its checksum is ${found}, it should be ${String(parsed.sha256)}`);
  }
  // The checksum says that these are the bytes `taskLine` made of a PlacedTask in the same version of the program.
  return parsed.body as PlacedTask;
}

/** That a task is done, as one line of JSON, without its end. */
export function doneLine(id: string, { attempt, merged, written }: MergedElsewhere, version: string): string {
  const columns = merged.columns.map(({ min, max, ...column }) => ({
    ...column,
    ...(min === undefined ? {} : { min: base64(min) }),
    ...(max === undefined ? {} : { max: base64(max) }),
  }));
  return JSON.stringify({ format, version, id, done: { attempt, merged: { ...merged, columns }, written } });
}

/** That a task failed, as one line of JSON, without its end. @param id null for a line that had none */
export function failedLine(id: string | null, error: unknown, version: string): string {
  return JSON.stringify({ format, version, id, failed: copyOfError(error) });
}

/**
 * The answer in a line; undefined when the line is none. What it says is checked for its form only.
 * @throws ConfigError `worker-version` when it is that of another version of the program
 */
export function parseAnswerLine(line: string, version: string): Answer | undefined {
  const parsed = parsedJson(line);
  if (!isObject(parsed) || typeof parsed.id !== 'string') return undefined;
  const { id, done, failed, lost } = parsed;
  if (typeof lost === 'string') return { id, lost };
  if (parsed.format !== format || parsed.version !== version) throw otherVersion(version, parsed.version);
  if (isErrorCopy(failed)) return { id, failed };
  const merged = mergedIn(done);
  return merged === undefined ? undefined : { id, done: merged };
}

function isErrorCopy(value: unknown): value is ErrorCopy {
  if (!isObject(value)) return false;
  const { kind, details } = value;
  if (kind === 'other') return typeof value.message === 'string';
  if (!isObject(details) || typeof details.code !== 'string') return false;
  if (kind === 'format') return typeof value.problem === 'string' && isObject(details.place);
  if (typeof value.message !== 'string') return false;
  if (kind === 'store') return typeof details.op === 'string' && typeof details.path === 'string';
  return kind === 'verify' || kind === 'config';
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function otherVersion(driver: unknown, worker: unknown): ConfigError {
  return new ConfigError(
    `the executors have another version of this program than the run: ${String(worker)} instead of ${String(driver)}`,
    {
      code: 'worker-version',
      hint: 'Give both the same: see the chapter Spark of the README.',
      dataState: 'the originals are untouched',
    },
  );
}

function unreadable(problem: string): ConfigError {
  return new ConfigError(`cannot read a task of merge-bin: ${problem}`, {
    code: 'task-unreadable',
    hint: 'Tasks are made by a run with --executors, a line each; nobody else can make them.',
    dataState: 'nothing was touched',
  });
}
