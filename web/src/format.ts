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
