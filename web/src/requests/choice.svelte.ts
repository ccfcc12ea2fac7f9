// Which columns this person wants, kept in this browser.

import { columnsOf, type Column } from './columns'

const STORED = 'causeway.requests.columns'

class ColumnChoice {
  columns = $state.raw<Column[]>(columnsOf(localStorage.getItem(STORED)))

  toggle(column: Column) {
    const { columns } = this
    const next = columns.includes(column) ? columns.filter((other) => other !== column) : [...columns, column]
    const stored = next.join(',')
    localStorage.setItem(STORED, stored)
    this.columns = columnsOf(stored)
  }
}

export const choice = new ColumnChoice()
