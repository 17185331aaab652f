/** What a setting accepts. */
export type SettingKind =
  | { readonly type: 'text' }
  | { readonly type: 'namenode' }
  /** See `LayoutPattern`. */
  | { readonly type: 'layout' }
  | { readonly type: 'duration' }
  | { readonly type: 'size' }
  /** See `DailyWindow`. */
  | { readonly type: 'window' }
  /** See `parseSortOrder`. */
  | { readonly type: 'order' }
  /** Octal digits. */
  | { readonly type: 'mode' }
  /** A URL that may hold a password, so messages never show it. */
  | { readonly type: 'url'; readonly schemes: readonly string[] }
  | { readonly type: 'switch' }
  | {
      readonly type: 'number';
      readonly whole: boolean;
      readonly min: number;
      readonly max: number;
      /** What is counted, for messages. */
      readonly unit: string;
      /** Flags and environment also take a size with its unit, such as 1GB. */
      readonly isMb?: true;
      /** Stands for a number that the program finds by itself. */
      readonly word?: string;
    }
  | {
      readonly type: 'choice';
      readonly choices: readonly string[];
      /** Values that are known, but that this version cannot do. */
      readonly later: readonly string[];
      /** Choices that take a whole number behind a colon (`zstd:9`), with the least and the greatest one. */
      readonly levels?: Readonly<Record<string, readonly [number, number]>>;
    };

/** One row of the table. */
export interface SettingRow {
  /** Command-line flag without its dashes. */
  readonly flag?: string;
  readonly env: string;
  readonly kind: SettingKind;
  readonly defaultValue?: string | number | boolean;
}

/** What a value of this kind may be, as the end of a message. */
export function allowedText(kind: SettingKind): string {
  switch (kind.type) {
    case 'text':
      return 'text that is not empty';
    case 'namenode':
      return 'host, host:port, or a URI hdfs://host:port, webhdfs://host:port or swebhdfs://host:port without a path';
    case 'duration':
      return 'a duration such as 90m, 2h or 1h30m, at most 366 days';
    case 'size':
      return 'a size in MB, GB or TB (of 2^20, 2^30, 2^40 bytes) such as 500GB';
    case 'window':
      return 'hours such as 22:00-06:00, perhaps with a time zone behind them: 22:00-06:00 Europe/Berlin';
    case 'order':
      return 'columns separated by commas, each perhaps with asc or desc and nulls first or nulls last, such as "vehicle_id, event_time desc"';
    case 'mode':
      return 'octal digits as text, such as "0640"';
    case 'layout':
      return 'directories with yyyy, MM, dd (and HH) or names between braces, such as date={yyyy-MM-dd}, year={yyyy}/month={MM}/day={dd} or {source}/dt={yyyyMMdd}';
    case 'url':
      return `a URL ${kind.schemes.map((scheme) => `${scheme}://…`).join(' or ')} with a host`;
    case 'switch':
      return 'true or false';
    case 'number':
      return (
        `a ${kind.whole ? 'whole number' : 'number'} from ${kind.min} to ${kind.max} (${kind.unit})` +
        (kind.isMb === undefined ? '' : ' or a size such as 1GB') +
        (kind.word === undefined ? '' : ` or ${kind.word}`)
      );
    case 'choice':
      return [kind.choices.join(', '), ...levelTexts(kind.levels)].join('; with a level ');
  }
}

function levelTexts(levels: Readonly<Record<string, readonly [number, number]>> = {}): readonly string[] {
  const texts = Object.entries(levels).map(([name, [least, most]]) => `${name}:${least} to ${name}:${most}`);
  return texts.length === 0 ? [] : [texts.join(', ')];
}
