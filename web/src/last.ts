// The language of whoever was signed in here last. They most likely still are, so that the next start can load what they
// will see before the server has said so. It is a guess and opens nothing.

import { type Language, matchLanguage } from './i18n.svelte'

const STORED = 'causeway.last'

export function lastLanguage(): Language | undefined {
  const stored = localStorage.getItem(STORED)
  return stored === null ? undefined : matchLanguage(stored)
}

/** Undefined: nobody is signed in. */
export function keepLast(language: Language | undefined) {
  if (language === undefined) localStorage.removeItem(STORED)
  else localStorage.setItem(STORED, language)
}
