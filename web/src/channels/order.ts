// The order channels are tried in.

import type { ChannelSummary } from '../api/types'

/** All ids after `id` took the place of `target`; the others keep their order. */
export function moved(ids: readonly string[], id: string, target: string): string[] {
  const from = ids.indexOf(id)
  const to = ids.indexOf(target)
  if (from < 0 || to < 0) return [...ids]
  const rest = ids.filter((candidate) => candidate !== id)
  return [...rest.slice(0, to), id, ...rest.slice(to)]
}

/** Whether channels share a priority, and with it traffic by weight. A reorder gives each its own. */
export function sharesPriority(channels: readonly ChannelSummary[]): boolean {
  return new Set(channels.map(({ priority }) => priority)).size < channels.length
}
