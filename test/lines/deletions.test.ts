import { expect, it } from 'vitest'
import { deletionsOf } from './deletions.js'

const HEADER = '--[[\ndomain.verb: a title.\n]]\n'

/** The text that remains for each deletion, from the shortest deletion on. */
const left = (body: string) =>
  deletionsOf(HEADER + body).map((tries) => tries.map(({ text }) => text.slice(HEADER.length)))

it('deletes a line, or a line with its deeper lines and the line that closes it', () => {
  expect(left('local a = 1\nif a then\n  b()\nelse\n  c()\nend\nd()')).toEqual([
    ['if a then\n  b()\nelse\n  c()\nend\nd()'],
    [
      'local a = 1\n  b()\nelse\n  c()\nend\nd()',
      'local a = 1\nelse\n  c()\nend\nd()',
      'local a = 1\n  c()\nend\nd()',
      'local a = 1\nend\nd()',
      'local a = 1\nd()',
    ],
    ['local a = 1\nif a then\nelse\n  c()\nend\nd()'],
    ['local a = 1\nif a then\n  b()\nelse\nend\nd()'],
    ['local a = 1\nif a then\n  b()\nelse\n  c()\nend'],
  ])
})

it('deletes each of several statements in one line', () => {
  expect(left('a(); b()')).toEqual([[''], ['b()'], ['a()']])
})

it('deletes the statement after an else or an unclosed then', () => {
  expect(left('if a then b()\nelse c() end')).toEqual([
    ['else c() end', ''],
    ['if a then\nelse c() end'],
    ['if a then b()\nelse end'],
  ])
})

it('deletes no comment', () => {
  expect(left('-- why\na()')).toEqual([['-- why']])
})

it('marks a statement that only saves work, with all lines in it', () => {
  const body = '-- Saves work: why, in\n-- two lines.\nif a then\n  b()\nend\nc()'
  const saving = deletionsOf(HEADER + body).map((tries) => tries.map((one) => one.savesWork)[0])
  expect(saving).toEqual([true, true, false])
})
