// Server-sent events out of bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html

/** A longer event is not kept whole: it ends the reading. */
const LONGEST = 4_000_000

/** Cuts text into the data of events, wherever the text itself is cut. */
export class EventReader {
  #rest = ''
  #data: string[] = []

  /** The data of the events that are complete now. */
  push(text: string): string[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > LONGEST) throw new Error('an event is too long')
    return lines.flatMap((line) => this.#line(line))
  }

  /** The data of an event that nothing came after. */
  finish(): string[] {
    const lines = [this.#rest.replace(/\r$/, ''), '']
    this.#rest = ''
    return lines.flatMap((line) => this.#line(line))
  }

  #line(line: string): string[] {
    if (line === '') {
      const data = this.#data.join('\n')
      const complete = this.#data.length > 0
      this.#data = []
      return complete ? [data] : []
    }
    if (line.startsWith('data:')) this.#data.push(line.slice(5).replace(/^ /, ''))
    return []
  }
}
