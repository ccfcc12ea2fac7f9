// Bars of a small chart as the path of one SVG element: a list has a chart a row, and an element a bar would be thousands.

import type { Series } from '../api/types'

/** What one channel's chart shows: a number for each bucket. */
export interface Traffic {
  requests: number[]
  failed: number[]
}

/** The traffic of one of the values that were counted; undefined where it had none. */
export function trafficOf(series: Series | undefined, value: string): Traffic | undefined {
  const at = series?.values.indexOf(value) ?? -1
  if (series === undefined || at < 0) return undefined
  const buckets = Math.max(1, Math.round((series.until - series.since) / series.bucketMs))
  const whole = (counts: number[] | undefined) =>
    Array.from({ length: buckets }, (_, bucket) => counts?.[bucket] ?? 0)
  return { requests: whole(series.requests[at]), failed: whole(series.failed[at]) }
}

/** Bars one unit wide and up to `height` high, `most` being the highest; whatever is counted is seen. */
export function bars(counts: readonly number[], most: number, height: number): string {
  return counts
    .map((count, at) => (count > 0 ? `M${at} ${height}h.8v-${tall(count, most, height)}h-.8z` : ''))
    .join('')
}

function tall(count: number, most: number, height: number): number {
  return Math.max(1.5, Math.round((count / most) * height * 10) / 10)
}
