// Sentences with gaps, from one language to another.

const GAP = '{}'

/** By the sentence in one language, gaps being `{}`, that in the other; what comes first goes before. */
export type Patterns = Readonly<Record<string, string>>

/**
 * `said` by the first of `patterns` that it fits, what stood in its gaps put into those of the translation, in their
 * order and translated likewise; `said` itself where none fits.
 */
export function translated(patterns: Patterns, said: string): string {
  for (const [pattern, words] of Object.entries(patterns)) {
    const found = expression(pattern).exec(said)?.slice(1)
    if (found) return words.replaceAll(GAP, () => translated(patterns, found.shift() ?? ''))
  }
  return said
}

function expression(pattern: string): RegExp {
  const parts = pattern.split(GAP).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('(.+?)')}$`, 's')
}
