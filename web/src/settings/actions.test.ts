import { describe, expect, it } from 'vitest'
import type { ChangeEntry } from '../api/types'
import { actionOf, idsOf } from './actions'

const entry = (method: string, path: string, actor = 'session'): ChangeEntry => ({
  id: '1',
  at: 0,
  actor,
  method,
  path,
  restorable: false,
  changes: [],
})

describe('what an operator did', () => {
  it.each([
    ['PUT', '/api/settings', 'settings'],
    ['POST', '/api/client-keys', 'newClientKey'],
    ['POST', '/api/client-keys/ck_1/rotate', 'rotateClientKey'],
    ['PATCH', '/api/channels/ch_1', 'editChannel'],
    ['POST', '/api/channels/reorder', 'reorderChannels'],
    ['POST', '/api/channels/ch_1/keys', 'addKey'],
    ['DELETE', '/api/channels/ch_1/keys/k_1', 'deleteKey'],
    ['POST', '/api/unheard-of', undefined],
  ])('%s %s is %s', (method, path, action) => {
    expect(actionOf(entry(method, path))).toBe(action)
  })

  it('is an edit elsewhere where no request did it', () => {
    expect(actionOf(entry('', '', 'outside'))).toBe('outside')
  })

  it('names what it was done to', () => {
    expect(idsOf(entry('DELETE', '/api/channels/ch_1/keys/k_1'))).toBe('ch_1/k_1')
    expect(idsOf(entry('PUT', '/api/settings'))).toBe('')
  })
})
