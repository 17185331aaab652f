/** Hours of the day in which work may begin, such as 22:00 to 06:00; they may go past midnight. */
export interface DailyWindow {
  /** Minutes after midnight, 0 to 1439. */
  readonly fromMinute: number;
  /** Minutes after midnight, the first that is outside; not `fromMinute`. */
  readonly toMinute: number;
  /** IANA name such as `Europe/Berlin`; absent: that of the run. */
  readonly timeZone?: string;
}

/** The window that `22:00-06:00` or `22:00-06:00 Europe/Berlin` is; undefined for any other text. */
export function parseDailyWindow(text: string): DailyWindow | undefined {
  const match = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})(?:\s+(\S+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [fromMinute, toMinute] = [minuteOf(match[1], match[2]), minuteOf(match[3], match[4])];
  const timeZone = match[5];
  if (fromMinute === undefined || toMinute === undefined || fromMinute === toMinute) return undefined;
  if (timeZone !== undefined && !isTimeZone(timeZone)) return undefined;
  return { fromMinute, toMinute, ...(timeZone === undefined ? {} : { timeZone }) };
}

/**
 * Whether a moment lies in the window: by the clock on the wall, so that it also holds on days that have 23 or 25 hours.
 * @param nowMs milliseconds since 1970
 * @param timeZone where the window names none
 */
export function isWithin(window: DailyWindow, nowMs: number, timeZone = 'UTC'): boolean {
  const parts = new Intl.DateTimeFormat('en-US-u-nu-latn', {
    timeZone: window.timeZone ?? timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(nowMs);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const minute = part('hour') * 60 + part('minute');
  const { fromMinute, toMinute } = window;
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
}

/** `22:00-06:00 Europe/Berlin`. */
export function windowText({ fromMinute, toMinute, timeZone }: DailyWindow): string {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return `${clock(fromMinute)}-${clock(toMinute)}${timeZone === undefined ? '' : ` ${timeZone}`}`;
}

function minuteOf(hours = '', minutes = ''): number | undefined {
  const [hour, minute] = [Number(hours), Number(minutes)];
  if (hour === 24 && minute === 0) return 0;
  return hour < 24 && minute < 60 ? hour * 60 + minute : undefined;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
