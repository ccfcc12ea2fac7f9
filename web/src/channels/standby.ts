// Channels go to standby and come back into service.

import { tick } from 'svelte'
import { attempt } from '../actions'
import type { ChannelSummary } from '../api/types'
import { i18n } from '../i18n.svelte'
import { toasts } from '../ui/toasts.svelte'
import { list } from './list.svelte'

type Status = ChannelSummary['status']

const OTHER: Record<Status, Status> = { active: 'paused', paused: 'active' }

/** Moves a channel to where channels of this status stand; for a moment that can be taken back. */
export async function move(channel: ChannelSummary, status: Status) {
  if (!(await settle(channel, status))) return
  const t = i18n.t.channels
  const said = status === 'paused' ? t.isOnStandby(channel.name) : t.isInService(channel.name)
  toasts.offer(said, () => void settle(channel, OTHER[status]))
}

/** The row is another one where it stands now; the focus goes there with it. */
async function settle(channel: ChannelSummary, status: Status): Promise<boolean> {
  if (!(await attempt(list.setStatus(channel, status)))) return false
  await tick()
  if (document.activeElement === document.body) {
    document.querySelector<HTMLElement>(`[data-id="${channel.id}"] .move`)?.focus({ preventScroll: true })
  }
  return true
}
