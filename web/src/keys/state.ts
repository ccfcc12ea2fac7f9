// What a client key can do right now, in one word and its reason.

import type { Budget, ClientKey, Period } from '../api/types'

export type KeyStateName = 'active' | 'ending' | 'paused' | 'expired' | 'spent'

export interface KeyState {
  name: KeyStateName
  /** When it expires, or when its budget begins anew. */
  at?: number
  /** Of the budget that is used up. */
  period?: Period
}

export interface Use {
  budget: Budget
  /** Of what the budget bounds more tightly: tokens, or millionths of a dollar. */
  unit: 'tokens' | 'money'
  used: number
  most: number
  /** 0 to 1, and above when a request went over. */
  share: number
}

const DAY = 86_400_000
const SOON = 7 * DAY

export function stateOf(key: ClientKey, now: number): KeyState {
  if (key.status === 'paused') return { name: 'paused' }
  const expiry = key.expiresAt ?? undefined
  if (expiry !== undefined && expiry <= now) return { name: 'expired', at: expiry }
  const empty = usesOf(key).find(({ share }) => share >= 1)
  if (empty) {
    const { period } = empty.budget
    const at = endOf(period, now)
    return at === undefined ? { name: 'spent', period } : { name: 'spent', period, at }
  }
  if (expiry !== undefined && expiry - now < SOON) return { name: 'ending', at: expiry }
  return { name: 'active' }
}

/** How much of each budget is used; a budget of both kinds counts as the one that is nearer its end. */
export function usesOf(key: ClientKey): Use[] {
  return key.budgets.flatMap((budget) => {
    const spent = key.spent.find(({ period }) => period === budget.period)
    const uses: Use[] = []
    if (budget.tokens != null) uses.push(use(budget, 'tokens', spent?.tokens ?? 0, budget.tokens))
    if (budget.costMicros != null) uses.push(use(budget, 'money', spent?.costMicros ?? 0, budget.costMicros))
    return uses.sort((a, b) => b.share - a.share).slice(0, 1)
  })
}

function use(budget: Budget, unit: Use['unit'], used: number, most: number): Use {
  return { budget, unit, used, most, share: most > 0 ? used / most : 1 }
}

/** When the period that `now` is in ends, in UTC; undefined: never. Weeks begin on Monday. */
export function endOf(period: Period, now: number): number | undefined {
  const day = Math.floor(now / DAY)
  switch (period) {
    case 'day':
      return (day + 1) * DAY
    case 'week':
      // The epoch was a Thursday.
      return (day + 7 - ((day + 3) % 7)) * DAY
    case 'month': {
      const date = new Date(now)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
    }
    case 'total':
      return undefined
  }
}
