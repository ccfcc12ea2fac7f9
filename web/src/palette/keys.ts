// Shortcuts by keyboard: which there are, and which one a key press means.

import type { Route } from '../router'

/** After `g`. */
export const PLACES = {
  o: { page: 'overview' },
  c: { page: 'channels' },
  r: { page: 'requests' },
  u: { page: 'usage' },
  k: { page: 'keys' },
  s: { page: 'settings', section: 'general' },
  p: { page: 'playground' },
  n: { page: 'connect' },
} as const satisfies Record<string, Route>

export type Meaning = { does: 'palette' | 'sheet' | 'search' | 'prefix' } | { does: 'go'; to: Route }

interface Press {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  /** Whether somebody is writing. */
  writing: boolean
}

/** `prefixed`: `g` was pressed right before. `plain`: keys without Ctrl or ⌘ are wanted. */
export function meaningOf(press: Press, prefixed: boolean, plain: boolean): Meaning | undefined {
  const { key, ctrlKey, metaKey, altKey, writing } = press
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return { does: 'palette' }
  if (!plain || writing || ctrlKey || metaKey || altKey) return undefined
  if (prefixed && Object.hasOwn(PLACES, key)) return { does: 'go', to: PLACES[key as keyof typeof PLACES] }
  switch (key) {
    case 'g':
      return { does: 'prefix' }
    case '/':
      return { does: 'search' }
    case '?':
      return { does: 'sheet' }
    default:
      return undefined
  }
}

/** Whether keys pressed here are text. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button|submit|file)$/.test(target.type)
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)
}
