// A channel as a form holds it: text everywhere, rows instead of maps.

import type { Channel, ChannelWrite, Endpoint, PastedChannel } from '../api/types'

export interface Draft {
  name: string
  endpoints: Endpoint[]
  /** New keys only; the ones a channel has are never read back. */
  keys: { key: string; name: string }[]
  /** Empty: after all others. */
  priority: string
  weight: string
  /** One pattern per line. */
  models: string
  modelMap: { from: string; to: string }[]
  /** Only of a new channel: those that the pasted text brought. */
  headers?: Record<string, string>
}

export type Errors = Readonly<Record<string, string>>

export function emptyDraft(): Draft {
  return {
    name: '',
    endpoints: [{ protocol: 'chat', baseUrl: '' }],
    keys: [{ key: '', name: '' }],
    priority: '',
    weight: '1',
    models: '',
    modelMap: [],
  }
}

export function draftOf(channel: Channel): Draft {
  return {
    name: channel.name,
    endpoints: channel.endpoints.map(({ protocol, baseUrl }) => ({ protocol, baseUrl })),
    keys: [],
    priority: String(channel.priority),
    weight: String(channel.weight),
    models: channel.models.join('\n'),
    modelMap: Object.entries(channel.modelMap).map(([from, to]) => ({ from, to })),
  }
}

/** What was read from `text`, whose secrets stand in it alone. */
export function draftOfPasted({ channel, keys, headers }: PastedChannel, text: string): Draft {
  const secret = ({ start, end }: { start: number; end: number }) => text.slice(start, end)
  return {
    ...emptyDraft(),
    name: channel.name,
    endpoints: channel.endpoints.length > 0 ? channel.endpoints : emptyDraft().endpoints,
    keys: keys.length > 0 ? keys.map((place) => ({ key: secret(place), name: '' })) : emptyDraft().keys,
    models: channel.models.join('\n'),
    modelMap: Object.entries(channel.modelMap).map(([from, to]) => ({ from, to })),
    headers: Object.fromEntries(Object.entries(headers).map(([name, place]) => [name, secret(place)])),
  }
}

/** Errors the form can tell by itself: only what could not even be sent. */
export function check(draft: Draft, isNew: boolean, notANumber: string): Errors {
  const errors: Record<string, string> = {}
  for (const field of ['priority', 'weight'] as const) {
    const text = draft[field].trim()
    const mayBeEmpty = isNew && field === 'priority'
    if (!(mayBeEmpty && text === '') && !/^\d{1,9}$/.test(text)) errors[field] = notANumber
  }
  return errors
}

/** Everything but keys, as the API takes it. */
export function fieldsOf(draft: Draft) {
  const pairs = draft.modelMap.map(({ from, to }) => [from.trim(), to.trim()] as const)
  return {
    name: draft.name.trim(),
    endpoints: draft.endpoints.map(({ protocol, baseUrl }) => ({ protocol, baseUrl: baseUrl.trim() })),
    priority: number(draft.priority),
    weight: number(draft.weight),
    models: lines(draft.models),
    modelMap: Object.fromEntries(pairs.filter(([from, to]) => from !== '' || to !== '')),
  }
}

export function keysOf(draft: Draft): { key: string; name: string | null }[] {
  return draft.keys
    .filter(({ key }) => key.trim() !== '')
    .map(({ key, name }) => ({ key: key.trim(), name: name.trim() || null }))
}

export function creation(draft: Draft): ChannelWrite {
  const { headers } = draft
  return { ...fieldsOf(draft), keys: keysOf(draft), ...(headers && { headers }) }
}

/** What was changed between two drafts: the body of a PATCH. */
export function changes(before: Draft, after: Draft): ChannelWrite {
  const old = fieldsOf(before)
  const changed = Object.entries(fieldsOf(after)).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field as keyof typeof old]),
  )
  return Object.fromEntries(changed)
}

/** Their state with what was changed here on top; fields nobody touched here are theirs. */
export function merged(before: Draft, mine: Draft, theirs: Draft): Draft {
  const touched = Object.keys(changes(before, mine)) as (keyof ReturnType<typeof fieldsOf>)[]
  return { ...theirs, ...Object.fromEntries(touched.map((field) => [field, mine[field]])), keys: mine.keys }
}

export function isSame(before: Draft, after: Draft): boolean {
  return Object.keys(changes(before, after)).length === 0 && keysOf(after).length === 0
}

/** Splits a paste of several lines into keys; one line stays with the browser. */
export function pastedKeys(text: string): string[] {
  const keys = text.split(/[\s,;]+/).filter(Boolean)
  return keys.length > 1 ? keys : []
}

/** The server's paths as the form names them: without a place in the document, blank key rows counted in. */
export function serverErrors(fields: Errors, draft: Draft): Errors {
  const sent = draft.keys.flatMap(({ key }, row) => (key.trim() === '' ? [] : [row]))
  const renamed = Object.entries(fields).map(([path, message]) => {
    const local = path
      .replace(/^channels\[\d+\]\./, '')
      .replace(/^keys\[(\d+)\]/, (_, index: string) => `keys[${sent[Number(index)] ?? index}]`)
    return [local, message]
  })
  return Object.fromEntries(renamed)
}

/** The first error at a path or below it. */
export function errorAt(errors: Errors, path: string): string | undefined {
  const key = Object.keys(errors).find(
    (candidate) => candidate === path || /^[.[]/.test(below(candidate, path)),
  )
  return key === undefined ? undefined : errors[key]
}

function below(candidate: string, path: string): string {
  return candidate.startsWith(path) ? candidate.slice(path.length) : ''
}

/** Null asks for the default. */
function number(text: string): number | null {
  return text.trim() === '' ? null : Number(text)
}

export function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
