import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { ensureBuilt } from './support/built.js'
import { tempFolder } from './support/temp-folder.js'

const ROOT = path.resolve(import.meta.dirname, '..')

it('runs every row of the benchmark', { timeout: 900_000 }, async () => {
  await ensureBuilt()
  const file = path.join(tempFolder(), 'figures.json')
  await promisify(execFile)(process.execPath, ['bench/run.mjs', '--smoke', '--json', file], {
    cwd: ROOT,
    maxBuffer: 2 ** 24,
  })
  const { rows } = JSON.parse(readFileSync(file, 'utf8')) as {
    rows: { name: string; record: object }[]
  }
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'lock, acquire and release: requests/s at 64',
      'get-many of 100: Redis us',
      'bytes per subject: gcra',
      'MiB of an idle instance',
    ]),
  )
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
})
