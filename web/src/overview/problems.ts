// What is wrong with a gateway, the worst first, each with the way to mend it.

import type { ChannelSummary, Overview } from '../api/types'
import { channelState, serves, type State } from '../channels/health'

export type Problem =
  /** Nothing can be served: there is no channel, or all are paused or broken. */
  | { kind: 'noChannel' }
  | { kind: 'noneServes' }
  | { kind: 'channel'; channel: ChannelSummary; state: State }
  | { kind: 'noRecords'; message: string }
  | { kind: 'dropped'; count: number }
  | { kind: 'failing'; failed: number; asked: number }
  | { kind: 'unpriced'; count: number }

/** From this share of failures on, a day is worth a look. */
const FAILING = 0.1
/** Of fewer requests a share says nothing. */
const ENOUGH = 20

export function problemsOf(
  overview: Overview | undefined,
  channels: ChannelSummary[],
  now: number,
): Problem[] {
  if (channels.length === 0) return [{ kind: 'noChannel' }]
  const states = channels.map((channel) => ({ channel, state: channelState(channel, now) }))
  const troubled = states.filter(({ state }) => state.name !== 'active' && state.name !== 'paused')
  // A channel that does not serve at all goes before one that does in part.
  troubled.sort((left, right) => Number(serves(left.state)) - Number(serves(right.state)))
  return [
    ...(states.some(({ state }) => serves(state)) ? [] : [{ kind: 'noneServes' } as const]),
    ...troubled.map((trouble) => ({ kind: 'channel' as const, ...trouble })),
    ...(overview ? ofRecords(overview) : []),
  ]
}

function ofRecords({ day, recording }: Overview): Problem[] {
  const asked = day ? day.requests - day.gone : 0
  const failing = day && asked >= ENOUGH && day.failed / asked >= FAILING
  return [
    ...(recording.problem ? [{ kind: 'noRecords' as const, message: recording.problem }] : []),
    ...(recording.dropped > 0 ? [{ kind: 'dropped' as const, count: recording.dropped }] : []),
    ...(failing ? [{ kind: 'failing' as const, failed: day.failed, asked }] : []),
    ...(day && day.unpriced > 0 ? [{ kind: 'unpriced' as const, count: day.unpriced }] : []),
  ]
}
