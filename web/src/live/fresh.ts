// When what was read has to be read again.

import type { LiveMessage } from '../api/types'
import { session } from '../session.svelte'
import { feed } from './feed.svelte'

/** What a message means for what was read before. */
export type News = (message: LiveMessage) => 'now' | 'later' | 'never'

/** What was told of is in the records after so long at most, in milliseconds. */
export const RECORDED = 1_500
/** What comes back into sight is read again unless it is younger than this. */
const YOUNG = 15_000

/** Reads; false where that failed. */
type Look = () => Promise<boolean>

/**
 * Looks once, unless that was done just now (`fresh`), and then every so many milliseconds as long as the page is in
 * sight and something has happened since, or nobody would tell; at once where the news are that. For an effect, which
 * comes back after a sign-in; returns the end.
 */
export function keepFresh(look: Look, every?: number, news: News = () => 'later', fresh = false): () => void {
  let told = -Infinity
  let looked = fresh ? Date.now() : -Infinity
  const see = async () => {
    looked = Date.now()
    if (!(await look())) told = Date.now()
  }
  const now = () => {
    if (document.visibilityState !== 'hidden' && session.state !== 'expired') void see()
  }
  if (session.state !== 'expired' && !fresh) void see()
  if (every === undefined) return () => {}
  const back = () => {
    if (Date.now() - looked >= YOUNG) now()
  }
  const end = feed.watch((message) => {
    const when = news(message)
    if (when === 'now') now()
    else if (when === 'later') told = Date.now()
  })
  const timer = setInterval(() => {
    if (looked < told + RECORDED || !feed.live) now()
  }, every)
  document.addEventListener('visibilitychange', back)
  return () => {
    end()
    clearInterval(timer)
    document.removeEventListener('visibilitychange', back)
  }
}
