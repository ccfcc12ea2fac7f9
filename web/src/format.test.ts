import { describe, expect, it } from 'vitest'
import { ago, duration, remaining, shortUrl } from './format'

describe('duration', () => {
  it.each([
    [0, '0 sec'],
    [89, '89 sec'],
    [90, '2 min'],
    [300, '5 min'],
    [5340, '89 min'],
    [5401, '2 hr'],
    [86_400, '24 hr'],
  ])('shows %d seconds as %s', (seconds, text) => {
    expect(duration(seconds, 'en')).toBe(text)
  })

  it('follows the language', () => {
    expect(duration(45, 'zh-CN')).toBe('45秒')
  })
})

describe('remaining', () => {
  it('rounds up, so that a countdown never shows zero while it runs', () => {
    expect(remaining(10_001, 10_000, 'en')).toBe('1 sec')
  })

  it('reads a past moment as zero', () => {
    expect(remaining(1, 10_000, 'en')).toBe('0 sec')
  })
})

describe('shortUrl', () => {
  it.each([
    ['https://api.deepseek.com', 'api.deepseek.com'],
    ['https://api.openai.com/v1/', 'api.openai.com'],
    ['https://generativelanguage.googleapis.com/v1beta', 'generativelanguage.googleapis.com'],
    ['https://api.deepseek.com/anthropic', 'api.deepseek.com/anthropic'],
    ['http://10.0.0.1:8080', '10.0.0.1:8080'],
    ['not a url', 'not a url'],
  ])('shortens %s to %s', (url, short) => {
    expect(shortUrl(url)).toBe(short)
  })
})

describe('ago', () => {
  it.each([
    [0, 'now'],
    [59_999, '59 sec. ago'],
    [60_000, '1 min. ago'],
    [7_300_000, '2 hr. ago'],
    [86_400_000, 'yesterday'],
    [-5_000, 'now'],
  ])('says how long %d ms ago was', (milliseconds, text) => {
    expect(ago(1_000_000_000, 1_000_000_000 + milliseconds, 'en')).toBe(text)
  })
})
