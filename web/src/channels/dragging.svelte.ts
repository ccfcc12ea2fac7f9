// A row that is dragged to the place of another. The list hears of it for all its rows, which say whose they are.

const DRAGGED = 'application/x-causeway-channel'

export class Dragging {
  /** The channel whose place would be taken. */
  target = $state<string>()
  readonly #place: (what: string, where: string | undefined) => void

  constructor(place: (what: string, where: string | undefined) => void) {
    this.#place = place
  }

  /** A link in a row can be dragged too, but not the row by it. */
  start = (event: DragEvent) => {
    const id = rowOf(event)
    const byGrip = event.target instanceof HTMLElement && event.target.draggable && !event.target.matches('a')
    if (byGrip && id !== undefined) event.dataTransfer?.setData(DRAGGED, id)
  }

  over = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes(DRAGGED)) return
    event.preventDefault()
    this.target = rowOf(event)
  }

  leave = () => (this.target = undefined)

  drop = (event: DragEvent) => {
    event.preventDefault()
    this.target = undefined
    const dragged = event.dataTransfer?.getData(DRAGGED) ?? ''
    if (dragged !== '') this.#place(dragged, rowOf(event))
  }
}

function rowOf({ target }: DragEvent): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('li[data-id]')?.dataset['id'] : undefined
}
