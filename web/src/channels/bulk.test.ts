import { describe, expect, it } from 'vitest'
import { changeOf, type Edit, type Subject, turnsOver, undoOf, writeOf } from './bulk'

const channel = (more: Partial<Subject> = {}): Subject => ({
  id: 'ch_1',
  name: 'one',
  status: 'active',
  priority: 2,
  models: ['a-*', '!a-old'],
  version: 'v',
  ...more,
})

describe('a change for several channels', () => {
  it.each<[string, Edit, Partial<Subject>, object, object]>([
    ['pauses', { name: 'pause' }, {}, { status: 'paused' }, { status: 'active' }],
    ['resumes', { name: 'resume' }, { status: 'paused' }, { status: 'active' }, { status: 'paused' }],
    ['sets a priority', { name: 'priority', priority: 7 }, {}, { priority: 7 }, { priority: 2 }],
    [
      'adds patterns that are not there, behind those that are',
      { name: 'addModels', models: ['a-*', 'b'] },
      {},
      { models: ['a-*', '!a-old', 'b'] },
      { models: ['a-*', '!a-old'] },
    ],
    [
      'removes patterns where they are',
      { name: 'removeModels', models: ['!a-old', 'c'] },
      {},
      { models: ['a-*'] },
      { models: ['a-*', '!a-old'] },
    ],
  ])('%s, and is taken back', (_, edit, more, write, undo) => {
    const change = changeOf(edit, channel(more))
    expect(change && writeOf(change)).toEqual(write)
    expect(change && undoOf(change)).toEqual(undo)
  })

  it.each<[Edit, Partial<Subject>]>([
    [{ name: 'pause' }, { status: 'paused' }],
    [{ name: 'resume' }, {}],
    [{ name: 'priority', priority: 2 }, {}],
    [{ name: 'addModels', models: ['a-*'] }, {}],
    [{ name: 'removeModels', models: ['b'] }, {}],
  ])('is nothing where it is so already: %j', (edit, more) => {
    expect(changeOf(edit, channel(more))).toBeUndefined()
  })

  it('cannot take a deletion back', () => {
    const change = changeOf({ name: 'delete' }, channel())
    expect(change).toEqual({ field: 'channel' })
    expect(change && undoOf(change)).toBeUndefined()
  })

  it.each<[string, Edit, string[], ReturnType<typeof turnsOver>]>([
    ['a first pattern that allows', { name: 'addModels', models: ['b'] }, [], 'narrowed'],
    ['an exclusion', { name: 'addModels', models: ['!b'] }, [], undefined],
    ['one pattern more', { name: 'addModels', models: ['b'] }, ['a'], undefined],
    ['the last pattern that allows', { name: 'removeModels', models: ['a'] }, ['a', '!b'], 'opened'],
  ])('tells what %s does to all other models', (_, edit, models, turn) => {
    const change = changeOf(edit, channel({ models }))
    expect(change && turnsOver(change)).toBe(turn)
  })
})
