// Clicks on a row that leads somewhere as a whole.

/** Whether a click means the row: not a link in it, nor the end of a selection. */
export function isForRow({ target }: MouseEvent): boolean {
  const inLink = target instanceof Element && target.closest('a') !== null
  return !inLink && !getSelection()?.toString()
}
