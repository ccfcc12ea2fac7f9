import { describe, expect, it } from 'vitest'
import { compared, parse } from './parse'

describe('prices out of a text', () => {
  const A = { model: 'a', input: 1.5, output: 6 }

  it.each([
    ['a list', '[{"model":"a","input":1.5,"output":6}]'],
    ['what the API gives', '{"prices":[{"model":"a","input":1.5,"output":6,"cachedInput":null}]}'],
    ['a table', 'model,input,output\na,1.5,6\n'],
    ['a table from a spreadsheet', 'model\tinput\toutput\r\na\t1.5\t6\r\n'],
    ['a table with quotes', 'model;input;output\n"a";"1.5";6'],
    ['a table with empty cells', 'output,model,cachedInput,input\n6,a,,1.5'],
  ])('are read from %s', (_, text) => {
    expect(parse(text)).toEqual({ prices: [A], unknown: [] })
  })

  it('keep a separator and a quote inside quotes', () => {
    expect(parse('model,source\na,"page, ""new"""')).toMatchObject({ prices: [{ source: 'page, "new"' }] })
  })

  it('say which columns nobody knows', () => {
    expect(parse('model,input,colour\na,1,red')).toMatchObject({ unknown: ['colour'] })
  })

  it.each([
    ['', 'empty', 1],
    ['{"a": 1}', 'empty', 1],
    ['[', 'empty', 1],
    ['just words', 'empty', 1],
    ['model,input\na,1\nb,much', 'notANumber', 2],
    ['[{"input": 1}]', 'noModel', 1],
  ])('are refused: %j', (text, error, line) => {
    expect(parse(text)).toEqual({ error, line })
  })

  it('are compared with those that are there', () => {
    const present = [A, { model: 'b', input: 1 }]
    const incoming = [A, { model: 'b', input: 2 }, { model: 'a', over: 100, input: 3 }]
    expect(compared(present, incoming)).toEqual({
      added: [incoming[2]],
      changed: [{ before: present[1], after: incoming[1] }],
      same: 1,
    })
  })
})
