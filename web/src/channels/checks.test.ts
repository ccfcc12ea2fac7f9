import { describe, expect, it } from 'vitest'
import type { TestResult } from '../api/types'
import { findings } from './checks'

const good = { check: 'models', protocol: 'chat', endpoint: 0, keyId: 'k_1', ok: true, class: 'ok' }
const unasked = { ...good, check: 'request', ok: false, class: 'unfit', message: 'no model is known' }

describe('findings', () => {
  it.each([
    ['checks that failed alike', [unasked, { ...unasked, check: 'stream' }], ['request stream']],
    ['checks of two keys', [unasked, { ...unasked, keyId: 'k_2' }], ['request', 'request']],
    ['other reasons', [unasked, { ...unasked, message: 'another' }], ['request', 'request']],
    ['what an upstream said twice', [unasked, { ...unasked, status: 401 }], ['request', 'request']],
    ['what is well', [good, { ...good, check: 'request' }], ['models', 'request']],
  ])('tells %s', (_, results, told) => {
    const found = findings(results as unknown as TestResult[])
    expect(found.map(({ checks }) => checks.join(' '))).toEqual(told)
  })
})
