// Where things stand in a chart.

/** What a scale may end at, with zeros; half of each is as round. */
const ROUND = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10]

/** The least round number that a value fits below; 1 at least. */
export function ceiling(value: number): number {
  if (value <= 1) return 1
  const magnitude = 10 ** Math.floor(Math.log10(value))
  const step = ROUND.find((candidate) => candidate * magnitude >= value) ?? 10
  return step * magnitude
}

/** A bucket of time and what it holds, a number for each series. */
export interface Bucket {
  at: number
  parts: readonly number[]
}

/** All buckets of a range: the API leaves out those without requests. */
export function filled(known: readonly Bucket[], since: number, until: number, width: number): Bucket[] {
  const none = (known[0]?.parts ?? []).map(() => 0)
  const parts = new Map(known.map((bucket) => [bucket.at, bucket.parts]))
  const count = Math.max(0, Math.round((until - since) / width))
  return Array.from({ length: count }, (_, index) => {
    const at = since + index * width
    return { at, parts: parts.get(at) ?? none }
  })
}

export function sum(parts: readonly number[]): number {
  return parts.reduce((left, right) => left + right, 0)
}

/** The bars of one series as a path, on the series below it; `x` and `y` map buckets and values to pixels. */
export function barsPath(
  buckets: readonly Bucket[],
  series: number,
  x: (index: number) => number,
  y: (value: number) => number,
  width: number,
): string {
  return buckets
    .flatMap(({ parts }, index) => {
      const value = parts[series] ?? 0
      if (value === 0) return []
      const below = sum(parts.slice(0, series))
      const [top, bottom] = [y(below + value), y(below)]
      return [`M${at(x(index))} ${at(bottom)}V${at(top)}h${at(width)}V${at(bottom)}z`]
    })
    .join('')
}

/** Indexes of the buckets whose time is written below: at most so many, evenly apart. */
export function labelled(count: number, most: number): number[] {
  if (count === 0 || most < 1) return []
  const step = Math.max(1, Math.ceil(count / most))
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step)
}

function at(pixel: number): string {
  return String(Math.round(pixel * 100) / 100)
}
