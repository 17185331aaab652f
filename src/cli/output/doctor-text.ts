import type { CheckResult } from '../doctor/check.ts';
import { counted } from './numbers.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** How the lines of the doctor are laid out. */
export interface DoctorLayout {
  readonly style: Style;
  /** Columns that the names of the checks take. */
  readonly nameColumns: number;
  /** Columns of a line; longer texts go on below, at the same column. */
  readonly columns: number;
}

const marks = { good: '✓', bad: '✗', warning: '!', note: '·', 'not-tried': '–' } as const;

/** The lines of one result, after its headline when it is the first of its group. */
function resultText(result: CheckResult, isFirstOfGroup: boolean, layout: DoctorLayout): string {
  const { style, nameColumns, columns } = layout;
  const { group, name, verdict, detail, hint } = result;
  const indent = 6 + nameColumns;
  const room = Math.max(40, columns - indent);
  const paint = {
    good: style.good,
    bad: style.bad,
    warning: style.warning,
    note: style.dim,
    'not-tried': style.dim,
  }[verdict];
  const told = wrapped(printable(detail), room);
  const next = hint === undefined ? [] : wrapped(`next: ${printable(hint)}`, room);
  const [first = '', ...rest] = [...told, ...next];
  const lines = [
    ...(isFirstOfGroup ? ['', style.bold(group)] : []),
    `  ${paint(marks[verdict])} ${name.padEnd(nameColumns)}  ${verdict === 'not-tried' ? style.dim(first) : first}`,
    ...rest.map((line) => `${' '.repeat(indent)}${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Prints results as they come, those in a row that were not tried for one reason in one line. */
export function resultWriter(
  layout: DoctorLayout,
  print: (text: string) => void,
): { tell(result: CheckResult): void; end(): void } {
  let group = '';
  let waiting: readonly CheckResult[] = [];
  const show = (result: CheckResult): void => {
    print(resultText(result, result.group !== group, layout));
    group = result.group;
  };
  const flush = (): void => {
    const [first] = waiting;
    if (first === undefined) return;
    const names = waiting.map(({ name }) => name);
    show(
      names.length === 1
        ? first
        : {
            ...first,
            name: 'not tried',
            detail: `${names.join(', ')}; ${first.detail.replace(/^not tried, /, '')}`,
          },
    );
    waiting = [];
  };
  return {
    tell(result) {
      const [first] = waiting;
      const belongs = first?.group === result.group && first.detail === result.detail;
      if (result.verdict === 'not-tried' && (first === undefined || belongs)) {
        waiting = [...waiting, result];
        return;
      }
      flush();
      if (result.verdict === 'not-tried') waiting = [result];
      else show(result);
    },
    end: flush,
  };
}

/** The last line: whether a run would work. */
export function conclusionText(results: readonly CheckResult[], style: Style): string {
  const count = (verdict: CheckResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length;
  const warnings = count('warning') === 0 ? '' : `, ${counted(count('warning'), 'warning')}`;
  const problems = count('bad');
  if (problems > 0) {
    const untried = count('not-tried') === 0 ? '' : `, ${counted(count('not-tried'), 'check')} not tried`;
    return `\n${style.bad(`A run would not work: ${counted(problems, 'problem')}${warnings}${untried}.`)}\n`;
  }
  return `\n${style.good(`A run would work${warnings}.`)}\n`;
}

/** The text in lines of at most `columns`, broken between words; a longer word has a line of its own. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
