// Money, counts and moments as people read them.

/** Millionths of a US dollar: `$1.25`, or `$0.0004` where cents would say nothing. */
export function money(micros: number, language: string): string {
  const dollars = micros / 1_000_000
  const small = micros !== 0 && Math.abs(dollars) < 0.1
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(small ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }),
  }).format(dollars)
}

/** A count in few letters: `1.2M`. */
export function compact(value: number, language: string): string {
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

/** A day and a time, to the minute. */
export function moment(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

/** How long ago a moment was, rounded down: `3 minutes ago`, `now`. */
export function ago(at: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const seconds = Math.max(0, Math.floor((now - at) / 1000))
  if (seconds < 60) return format.format(-seconds, 'second')
  if (seconds < 3_600) return format.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3_600), 'hour')
  return format.format(-Math.floor(seconds / 86_400), 'day')
}
