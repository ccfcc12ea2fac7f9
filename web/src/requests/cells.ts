// A request's columns as text.

import type { RequestSummary } from '../api/types'
import { bytes, compact, elapsed, moment, money } from '../format'
import type { Column } from './columns'
import { isUnderWay, type Row } from './tail'

const NOTHING = '–'

/** What stands for ids. */
export interface Naming {
  channel: (id: string) => string
  clientKey: (id: string) => string
  protocol: (name: string) => string
}

/** All tokens that went in, and all that came out; undefined where nothing is known. */
export function tokensOf({ usage }: RequestSummary): { input: number; output: number } | undefined {
  const input = sum(usage.input, usage.cacheRead, usage.cacheWrite)
  const output = sum(usage.output, usage.reasoning)
  return input === undefined && output === undefined ? undefined : { input: input ?? 0, output: output ?? 0 }
}

/** The text of a cell; `status` is drawn, not written, and `duration` not known while a request is under way. */
export function cell(
  request: Row,
  column: Exclude<Column, 'status'>,
  names: Naming,
  now: number,
  language: string,
): string {
  const ended = isUnderWay(request) ? undefined : request
  const time = (value: number | null | undefined) =>
    value === null || value === undefined ? NOTHING : elapsed(value, language)
  switch (column) {
    case 'time':
      return moment(request.at, now, language)
    case 'model':
      return request.model || NOTHING
    case 'channel':
      return request.channel ? names.channel(request.channel) : NOTHING
    case 'clientKey':
      return names.clientKey(request.clientKey)
    case 'protocol':
      return names.protocol(request.protocol)
    case 'attempts':
      return String(request.attemptCount)
    case 'firstContent':
      return time(request.firstContentMs)
    case 'duration':
      return time(ended?.durationMs)
    case 'tokens':
      return ended ? tokens(ended, language) : NOTHING
    case 'cost':
      return typeof ended?.cost === 'number' ? money(ended.cost, language) : NOTHING
    case 'session':
      return request.session?.slice(0, 8) ?? NOTHING
    case 'size':
      return ended ? bytes(ended.requestBytes + ended.responseBytes, language) : NOTHING
  }
}

function tokens(request: RequestSummary, language: string): string {
  const found = tokensOf(request)
  if (found === undefined) return NOTHING
  return inAndOut(found, request.usage.estimated, language)
}

/** Tokens in and out; `estimated`: some of them nobody counted. */
export function inAndOut(tokens: { input: number; output: number }, estimated: boolean, language: string) {
  return `${estimated ? '≈ ' : ''}${compact(tokens.input, language)} → ${compact(tokens.output, language)}`
}

function sum(...parts: (number | null | undefined)[]): number | undefined {
  const known = parts.filter((part): part is number => typeof part === 'number')
  return known.length === 0 ? undefined : known.reduce((left, right) => left + right, 0)
}
