// One change for several channels: what it means for each, and how it is taken back.

import type { Channel, ChannelWrite } from '../api/types'

export const EDITS = ['pause', 'resume', 'priority', 'addModels', 'removeModels', 'delete'] as const
export type EditName = (typeof EDITS)[number]

/** What an edit has to know of a channel. */
export type Subject = Pick<Channel, 'id' | 'name' | 'status' | 'priority' | 'models' | 'version'>

export type Edit =
  | { name: 'pause' | 'resume' | 'delete' }
  | { name: 'priority'; priority: number }
  /** Patterns, as a channel has them. */
  | { name: 'addModels' | 'removeModels'; models: string[] }

/** A field and its values; a deleted channel has none after. */
export type Change =
  | { field: 'status'; before: Channel['status']; after: Channel['status'] }
  | { field: 'priority'; before: number; after: number }
  | { field: 'models'; before: string[]; after: string[] }
  | { field: 'channel' }

/** What the edit changes about a channel; undefined where it is so already. */
export function changeOf(edit: Edit, channel: Subject): Change | undefined {
  switch (edit.name) {
    case 'delete':
      return { field: 'channel' }
    case 'pause':
    case 'resume': {
      const after = edit.name === 'pause' ? 'paused' : 'active'
      return channel.status === after ? undefined : { field: 'status', before: channel.status, after }
    }
    case 'priority': {
      const { priority: before } = channel
      return before === edit.priority ? undefined : { field: 'priority', before, after: edit.priority }
    }
    case 'addModels':
    case 'removeModels': {
      const { models: before } = channel
      const after =
        edit.name === 'addModels'
          ? [...before, ...edit.models.filter((pattern) => !before.includes(pattern))]
          : before.filter((pattern) => !edit.models.includes(pattern))
      return after.length === before.length ? undefined : { field: 'models', before, after }
    }
  }
}

/** The body of the PATCH that makes the change; undefined for a deletion. */
export function writeOf(change: Change): ChannelWrite | undefined {
  return change.field === 'channel' ? undefined : { [change.field]: change.after }
}

/** The body of the PATCH that takes it back. */
export function undoOf(change: Change): ChannelWrite | undefined {
  return change.field === 'channel' ? undefined : { [change.field]: change.before }
}

/**
 * Whether a channel serves more or fewer models by it than the words say: one without patterns serves all, so its first
 * pattern takes models away, and the last one that goes lets all in.
 */
export function turnsOver(change: Change): 'narrowed' | 'opened' | undefined {
  if (change.field !== 'models') return undefined
  const positive = (models: string[]) => models.some((pattern) => !pattern.startsWith('!'))
  if (!positive(change.before) && positive(change.after)) return 'narrowed'
  return positive(change.before) && !positive(change.after) ? 'opened' : undefined
}
