// Hands a person a file that was made in the browser.

export function download(name: string, content: object) {
  const file = new Blob([`${JSON.stringify(content, null, 2)}\n`], { type: 'application/json' })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser has taken the file by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href))
}

/** `causeway-2026-11-26.json` */
export function fileName(now: Date, suffix = ''): string {
  return `causeway-${now.toISOString().slice(0, 10)}${suffix}.json`
}
