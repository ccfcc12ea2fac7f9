// What came of a request, in the order in which it was said.

export type PieceKind = 'thinking' | 'text' | 'tool' | 'image' | 'vector'

export interface Part {
  kind: PieceKind
  /** Tells pieces of one part from those of another. */
  key: string
  /** Of a tool call: its arguments. Of an image: its address, which may hold it. Of a vector: its numbers. */
  text: string
  /** Of a tool call. */
  name?: string
}

/** Something more of a part. */
export type Piece = Part

export interface Usage {
  input?: number
  cacheRead?: number
  output?: number
  reasoning?: number
}

/** What one event, or one whole answer, says. */
export interface Reading {
  pieces?: Piece[]
  usage?: Usage
  finish?: string
  error?: string
}

/** Adds pieces to the parts they belong to; a new key begins a new part. */
export function append(parts: Part[], pieces: Piece[]) {
  for (const piece of pieces) {
    const part = parts.findLast(({ kind, key }) => kind === piece.kind && key === piece.key)
    if (part) part.text += piece.text
    else if (piece.text !== '' || piece.name !== undefined) parts.push({ ...piece })
  }
}

/** The text of an answer without thinking and tool calls: what the next turn sends back of it. */
export function spoken(parts: Part[]): string {
  return parts
    .filter(({ kind }) => kind === 'text')
    .map(({ text }) => text)
    .join('\n\n')
}
