// The columns a table of requests can have, and which of them a person wants.

export const COLUMNS = [
  'time',
  'status',
  'model',
  'channel',
  'clientKey',
  'protocol',
  'attempts',
  'firstContent',
  'duration',
  'tokens',
  'cost',
  'session',
  'size',
] as const
export type Column = (typeof COLUMNS)[number]

/** Always there: the way to the request, and what became of it. */
export const FIXED: readonly Column[] = ['time', 'status', 'model']

const USUAL: readonly Column[] = [
  ...FIXED,
  'channel',
  'clientKey',
  'firstContent',
  'duration',
  'tokens',
  'cost',
]

/** What is shown beside an open request, which tells the rest. */
export const BESIDE: readonly Column[] = [...FIXED, 'channel', 'duration']

/** Columns of numbers stand to the right. */
export const NUMERIC: ReadonlySet<Column> = new Set([
  'attempts',
  'firstContent',
  'duration',
  'tokens',
  'cost',
  'size',
])

/** The columns of a stored choice; the usual ones where it says nothing. */
export function columnsOf(stored: string | null): Column[] {
  const wanted: readonly string[] = stored?.split(',') ?? USUAL
  return COLUMNS.filter((column) => FIXED.includes(column) || wanted.includes(column))
}
