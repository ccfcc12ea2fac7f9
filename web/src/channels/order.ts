// The order channels are served in: tiers by priority, positions inside a tier.

import type { ChannelSummary } from '../api/types'

export interface Tier {
  priority: number
  channels: ChannelSummary[]
}

export function tiers(channels: readonly ChannelSummary[]): Tier[] {
  const found = new Map<number, ChannelSummary[]>()
  for (const channel of channels) {
    const tier = found.get(channel.priority)
    if (tier) tier.push(channel)
    else found.set(channel.priority, [channel])
  }
  return [...found]
    .map(([priority, members]) => ({ priority, channels: members }))
    .sort((a, b) => a.priority - b.priority)
}

/** All ids after `moved` took the place of `target`; the others keep their order. */
export function moved(ids: readonly string[], id: string, target: string): string[] {
  const from = ids.indexOf(id)
  const to = ids.indexOf(target)
  if (from < 0 || to < 0) return [...ids]
  const rest = ids.filter((candidate) => candidate !== id)
  return [...rest.slice(0, to), id, ...rest.slice(to)]
}
