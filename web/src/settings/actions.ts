// What an operator did, told from the request that did it.

import type { ChangeEntry } from '../api/types'

export type ActionName =
  | 'outside'
  | 'rollback'
  | 'import'
  | 'export'
  | 'settings'
  | 'prices'
  | 'newClientKey'
  | 'editClientKey'
  | 'deleteClientKey'
  | 'rotateClientKey'
  | 'newChannel'
  | 'editChannel'
  | 'deleteChannel'
  | 'reorderChannels'
  | 'pauseChannel'
  | 'resumeChannel'
  | 'promoteChannel'
  | 'testChannel'
  | 'duplicateChannel'
  | 'addKey'
  | 'editKey'
  | 'deleteKey'
  | 'restoreKey'
  | 'signIn'
  | 'signOut'

const ITEM = '[^/]+'

/** The first that matches `METHOD path` holds. */
const ACTIONS: [string, ActionName][] = [
  ['POST config/rollback', 'rollback'],
  ['POST config/import', 'import'],
  ['POST config/export', 'export'],
  ['PUT settings', 'settings'],
  ['PUT prices', 'prices'],
  ['POST client-keys', 'newClientKey'],
  [`POST client-keys/${ITEM}/rotate`, 'rotateClientKey'],
  [`PATCH client-keys/${ITEM}`, 'editClientKey'],
  [`DELETE client-keys/${ITEM}`, 'deleteClientKey'],
  ['POST channels', 'newChannel'],
  ['POST channels/reorder', 'reorderChannels'],
  [`PATCH channels/${ITEM}`, 'editChannel'],
  [`DELETE channels/${ITEM}`, 'deleteChannel'],
  [`POST channels/${ITEM}/pause`, 'pauseChannel'],
  [`POST channels/${ITEM}/resume`, 'resumeChannel'],
  [`POST channels/${ITEM}/promote`, 'promoteChannel'],
  [`POST channels/${ITEM}/test`, 'testChannel'],
  [`POST channels/${ITEM}/duplicate`, 'duplicateChannel'],
  [`POST channels/${ITEM}/keys`, 'addKey'],
  [`POST channels/${ITEM}/keys/${ITEM}/restore`, 'restoreKey'],
  [`PATCH channels/${ITEM}/keys/${ITEM}`, 'editKey'],
  [`DELETE channels/${ITEM}/keys/${ITEM}`, 'deleteKey'],
  ['POST session', 'signIn'],
  ['DELETE session', 'signOut'],
]

const PATTERNS = ACTIONS.map(([text, name]) => ({
  pattern: new RegExp(`^${text.replace(' ', ' /api/')}$`),
  name,
}))

/** Undefined for a write that this UI does not know. */
export function actionOf({ actor, method, path }: ChangeEntry): ActionName | undefined {
  if (actor === 'outside') return 'outside'
  return PATTERNS.find(({ pattern }) => pattern.test(`${method} ${path}`))?.name
}

/** Ids in a path, for those who look for one: `ch_…/k_…`. */
export function idsOf({ path }: ChangeEntry): string {
  return path
    .split('/')
    .filter((segment) => /^(ch|ck|k)_/.test(segment))
    .join('/')
}
