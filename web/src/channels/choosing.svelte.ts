// The channels that are chosen, for a change of several at once. The address remembers them.

import { navigation } from '../navigation.svelte'
import { toggled } from './selection'

export class Choosing {
  readonly #ids: () => string[]
  readonly chosen = $derived.by(() => {
    const named = navigation.query['chosen']?.split(' ') ?? []
    return this.#ids().filter((id) => named.includes(id))
  })
  /** The channel that was chosen last. */
  #anchor: string | undefined

  /** `ids`: of all that can be chosen, as they stand on the page. */
  constructor(ids: () => string[]) {
    this.#ids = ids
  }

  choose(chosen: string[]) {
    navigation.ask({ chosen: chosen.join(' ') }, 'replace')
  }

  all() {
    this.choose(this.#ids())
  }

  /** `through`: with all between this channel and the one chosen before it. */
  select(id: string, through: boolean) {
    this.choose(toggled(this.#ids(), this.chosen, id, through ? this.#anchor : undefined))
    this.#anchor = id
  }

  /** Arrows go from box to box; with Shift they choose on the way. */
  arrows = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined || !(event.target instanceof HTMLInputElement)) return
    const boxes = [
      ...(event.currentTarget as HTMLElement).querySelectorAll<HTMLInputElement>('[name=selected]'),
    ]
    const at = boxes.indexOf(event.target)
    const [from, to] = [this.#ids()[at], this.#ids()[at + step]]
    if (at < 0 || to === undefined || from === undefined) return
    event.preventDefault()
    boxes[at + step]?.focus()
    if (!event.shiftKey) return
    this.choose(this.#ids().filter((id) => id === from || id === to || this.chosen.includes(id)))
    this.#anchor = to
  }
}
