import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { EXAMPLES } from './programs.js'

it('examples/README.md names every program', () => {
  const text = readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8')
  const programs = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(sh|py|mjs|go)$/.test(file),
  )
  expect(programs.length).toBeGreaterThan(20)
  expect(programs.filter((file) => !text.includes(file))).toEqual([])
})
