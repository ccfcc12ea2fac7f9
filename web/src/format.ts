// Numbers and times as people read them.

/** A wait until a moment, rounded up: `45 s`, `3 min`, `2 h`. Past moments read as zero seconds. */
export function remaining(until: number, now: number, language: string): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1000))
  return duration(seconds, language)
}

/** A length of time in its largest sensible unit, rounded up. */
export function duration(seconds: number, language: string): string {
  if (seconds < 90) return unit(seconds, 'second', language)
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return unit(minutes, 'minute', language)
  return unit(Math.ceil(minutes / 60), 'hour', language)
}

/** A count, with its digits grouped. */
export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value)
}

/** A count in three digits: `1.2K`, `34.5M`. */
export function compact(value: number, language: string): string {
  const digits = value < 1000 ? 0 : value < 1e12 ? 1 : 0
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: digits }).format(value)
}

/** A share of a whole; less than the last digit shown reads as `<0.1 %`, and never as none. */
export function percent(part: number, whole: number, language: string): string {
  if (whole === 0) return '–'
  const share = part / whole
  const digits = share > 0 && share < 1 ? 1 : 0
  const format = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits })
  if (share > 0 && share < 0.001) return `<${format.format(0.001)}`
  return share < 1 && share > 0.999 ? format.format(0.999) : format.format(share)
}

/** Micro-dollars as dollars: cents from a dollar on, else as many digits as there is something to see. */
export function money(micros: number, language: string): string {
  const dollars = micros / 1e6
  const digits = micros === 0 || dollars >= 1 ? 2 : dollars >= 0.01 ? 4 : 6
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(dollars)
}

/** A measured time: `45 ms`, `1.3 s`, `2.5 min`. */
export function elapsed(milliseconds: number, language: string): string {
  const [value, name] =
    milliseconds < 1000
      ? ([milliseconds, 'millisecond'] as const)
      : milliseconds < 100_000
        ? ([milliseconds / 1000, 'second'] as const)
        : ([milliseconds / 60_000, 'minute'] as const)
  const digits = value < 100 && name !== 'millisecond' ? 1 : 0
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(value)
}

/** An amount of data, in thousands. */
export function bytes(value: number, language: string): string {
  const [scaled, name] =
    value < 1000
      ? ([value, 'byte'] as const)
      : value < 1e6
        ? ([value / 1e3, 'kilobyte'] as const)
        : ([value / 1e6, 'megabyte'] as const)
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: name,
    // The short form of this one knows no plural.
    unitDisplay: name === 'byte' ? 'long' : 'short',
    maximumFractionDigits: 1,
  }).format(scaled)
}

/** A moment in the person's time zone: the time of today, else with its day. */
export function moment(at: number, now: number, language: string): string {
  const today = new Date(at).toDateString() === new Date(now).toDateString()
  const day = today ? {} : ({ day: 'numeric', month: 'short' } as const)
  return new Intl.DateTimeFormat(language, {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at)
}

/** When the day of a moment began, in the person's time zone. */
export function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** A moment in full. */
export function fullMoment(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'long',
    hourCycle: 'h23',
  }).format(at)
}

/** A moment to the minute, with its day and year. */
export function dayAndTime(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

/** How long ago a moment was, rounded down: `3 min. ago`, `yesterday`. */
export function ago(at: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const seconds = Math.max(0, Math.floor((now - at) / 1000))
  if (seconds < 60) return format.format(-seconds, 'second')
  if (seconds < 3_600) return format.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3_600), 'hour')
  return format.format(-Math.floor(seconds / 86_400), 'day')
}

/** The host of a base URL, with its path when that says more than a version. */
export function shortUrl(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    const path = pathname.replace(/\/+$/, '')
    return /^(\/v\d+(beta)?)?$/.test(path) ? host : host + path
  } catch {
    return url
  }
}

function unit(value: number, name: 'second' | 'minute' | 'hour', language: string): string {
  return new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
}
