// The prices as the server has them, with what was asked for in the last thirty days.

import { api, result } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import type { Price, PricesView } from '../api/types'
import { explain } from '../problems'
import { session } from '../session.svelte'
import { type Row, rowsOf, type Use } from './book'

class Prices {
  view = $state.raw<PricesView>()
  failure = $state<string>()
  #uses = $state.raw<Use[]>([])

  readonly rows: Row[] = $derived(
    this.view === undefined ? [] : rowsOf(this.view.prices, this.view.builtIn, this.#uses),
  )

  async load() {
    this.failure = undefined
    try {
      this.view = await result(api.GET('/api/prices'))
    } catch (thrown) {
      this.failure = explain(asProblem(thrown))
      return
    }
    // The prices are worth showing without it.
    this.#uses = await uses().catch(() => [])
  }

  forget() {
    this.view = undefined
    this.#uses = []
  }

  /** Stores a new set; undefined on success. On a conflict the present prices are shown. */
  async replace(prices: Price[]): Promise<Problem | undefined> {
    const params = { header: this.view ? { 'If-Match': `"${this.view.version}"` } : {} }
    try {
      this.view = await result(api.PUT('/api/prices', { params, body: { prices } }))
      return undefined
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (problem.isConflict && problem.current) this.view = problem.current as PricesView
      return problem
    }
  }
}

async function uses(): Promise<Use[]> {
  const params = { query: { range: '30d', by: 'model' } }
  const { rows } = await result(api.GET('/api/stats', { params }))
  return rows
    .filter(({ value }) => value !== '')
    .map(({ value, requests, unpriced }) => ({ model: value, requests, unpriced }))
}

export const prices = new Prices()
session.whenOut(() => prices.forget())
