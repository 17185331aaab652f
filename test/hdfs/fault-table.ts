import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { repositoryRoot } from '../support/python-env.ts';

/** One row of the fault table: a fault at a step of a run, and what came of it. */
export interface FaultRow {
  /** At which step of a run. */
  readonly step: string;
  readonly fault: string;
  /** What the run ended with: exit code and the stable name of the reason. */
  readonly exit: string;
  /** What lay in the partition and in the workspace then. */
  readonly state: string;
  /** What brought it in order. */
  readonly healedBy: string;
}

const designPath = `${repositoryRoot}/DESIGN.md`;

/** Set to write the tables into DESIGN.md instead of holding them against it. */
export const updateVariable = 'UPDATE_FAULT_TABLES';

/**
 * Writes a table below `.bench/faults/` and holds it against the one in DESIGN.md between `<!-- faults: name -->` and
 * `<!-- end -->`, or puts it there when the environment asks for that.
 * @returns a sentence about the first difference, `undefined` when there is none
 */
export function checkTable(name: string, rows: readonly FaultRow[]): string | undefined {
  const table = tableText(rows);
  const directory = `${repositoryRoot}/.bench/faults`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/${name}.md`, table);
  const design = readFileSync(designPath, 'utf8');
  const begin = `<!-- faults: ${name} -->\n`;
  const from = design.indexOf(begin);
  const to = design.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) return `DESIGN.md has no place for it: ${begin.trim()} … <!-- end -->`;
  if ((process.env[updateVariable] ?? '') !== '') {
    writeFileSync(designPath, `${design.slice(0, from) + begin}\n${table}\n${design.slice(to)}`);
    return undefined;
  }
  const written = design
    .slice(from + begin.length, to)
    .trim()
    .split('\n');
  const found = table.trim().split('\n');
  const index = found.findIndex((line, i) => line !== written[i]);
  if (index < 0 && found.length === written.length) return undefined;
  return (
    `DESIGN.md, table of faults "${name}", line ${index + 1}:\n  written: ${written[index] ?? '(nothing)'}\n  found:   ` +
    `${found[index] ?? '(nothing)'}\nWith ${updateVariable}=1 the tests write what they find.`
  );
}

function tableText(rows: readonly FaultRow[]): string {
  const cells = (row: readonly string[]): string =>
    `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return (
    cells(['step', 'fault', 'ends with', 'what lies there then', 'brought in order by']) +
    cells(['---', '---', '---', '---', '---']) +
    rows.map((row) => cells([row.step, row.fault, row.exit, row.state, row.healedBy])).join('')
  );
}
