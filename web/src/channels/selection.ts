// Which of a list's rows are chosen. The order is that of the list.

/** All after a click on `id`; with `anchor`, those between the two become what `id` becomes. */
export function toggled(
  order: readonly string[],
  chosen: readonly string[],
  id: string,
  anchor?: string,
): string[] {
  const [from, to] = [order.indexOf(anchor ?? id), order.indexOf(id)].sort((a, b) => a - b) as [
    number,
    number,
  ]
  const touched = new Set(from < 0 ? [id] : order.slice(from, to + 1))
  const on = !chosen.includes(id)
  return order.filter((each) => (touched.has(each) ? on : chosen.includes(each)))
}
