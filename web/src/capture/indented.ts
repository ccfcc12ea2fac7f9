// Bodies as people read them.

const STEP = '  '

/** JSON with each of its parts on a line, each value spelled as it was; a part of some too, and anything else as it is. */
export function indented(text: string): string {
  if (!/^\s*[{[]/.test(text)) return text
  let depth = 0
  // A string, a bracket pair with nothing inside, one character of structure, white space, or a run of anything else.
  return text.replace(/"(?:[^"\\]|\\.)*"?|[{[]\s*[}\]]|[{}[\],:]|\s+|[^\s{}[\],:"]+/gs, (part) => {
    const line = (to: number) => `\n${STEP.repeat((depth = Math.max(0, to)))}`
    if (/^\s/.test(part)) return ''
    if (part === '{' || part === '[') return part + line(depth + 1)
    if (part === '}' || part === ']') return line(depth - 1) + part
    if (part === ',') return part + line(depth)
    return part === ':' ? ': ' : part.replace(/^([{[])\s+/, '$1')
  })
}
