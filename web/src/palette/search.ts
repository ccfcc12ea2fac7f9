// Which commands a few letters mean, the best first.

export interface Command {
  id: string
  label: string
  /** What kind of thing it is: a page, a channel, an action. */
  kind: string
  /** Words that find it beside its label. */
  also?: string
  run: () => void
}

/** All commands for an empty query; else those in which every word is found. */
export function found<Found extends Command>(commands: Found[], query: string): Found[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return commands
  return commands
    .map((command) => ({ command, score: score(command, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ command }) => command)
}

/** 0: not found. The beginning of the label counts most, then that of a word, then any place, then other words. */
function score({ label, kind, also = '' }: Command, words: string[]): number {
  const text = label.toLocaleLowerCase()
  const rest = `${kind} ${also}`.toLocaleLowerCase()
  const scores = words.map((word): number => {
    if (text.startsWith(word)) return 4
    if (text.split(/[\s/._-]+/).some((part) => part.startsWith(word))) return 3
    if (text.includes(word)) return 2
    return rest.includes(word) ? 1 : 0
  })
  return scores.includes(0) ? 0 : scores.reduce((sum, one) => sum + one, 0)
}
