/** One line of the text format of Prometheus. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a text in the format that Prometheus scrapes; comments are passed over. */
export function parseMetrics(text: string): readonly ParsedSample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) return [];
    const [, name = '', labels = '', value = ''] = match;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    return [
      {
        name,
        labels: Object.fromEntries(
          pairs.map(([, label = '', text = '']) => [label, text.replaceAll('\\\\', '\\')]),
        ),
        value: /^nan$/i.test(value) ? Number.NaN : Number(value.replace('Inf', 'Infinity')),
      },
    ];
  });
}
