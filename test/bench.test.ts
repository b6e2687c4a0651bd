import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { ensureBuilt } from './support/built.js'
import { tempFolder } from './support/temp-folder.js'

const ROOT = path.resolve(import.meta.dirname, '..')

it('runs every row of the benchmark, and writes its figures and plots', {
  timeout: 900_000,
}, async () => {
  await ensureBuilt()
  const folder = tempFolder()
  const file = path.join(folder, 'figures.json')
  copyFileSync(path.join(ROOT, 'docs/performance.md'), path.join(folder, 'performance.md'))
  await promisify(execFile)(
    process.execPath,
    ['bench/run.mjs', '--smoke', '--json', file, '--docs', folder],
    { cwd: ROOT, maxBuffer: 2 ** 24 },
  )
  const { rows } = JSON.parse(readFileSync(file, 'utf8')) as {
    rows: { name: string; record: object }[]
  }
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'lock, acquire and release: requests/s at 8',
      'get-many of 100: Redis us',
      'queue, send, against bullmq: CPU us',
      'queue, send, receive and acknowledge, against bullmq: CPU us',
      'queue, the same in lists of 100, against rsmq: CPU us',
      'send, receive and ack 100 of 1,000 messages over 1,000',
      'wake of one of 2,000 parked receivers, p99 over echo p99',
      'answers at twice the capacity, over the most: callers that heed Retry-After',
      'stream, append: CPU us',
      'stream, append of 100: CPU us',
      'stream, page of 100: CPU us',
      'stream, append, group receive and acknowledge of 100: CPU us',
      'stream, 1,000 listeners: messages per CPU second',
      'stream, 1,000 listeners: time from an append to the last one, p99',
      'read-through hit of 100 B, over a GET: CPU us',
      'write-through PUT of 100 B, over a PUT: CPU us',
      'bytes per subject: gcra',
      'MiB of an idle instance',
    ]),
  )
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)

  const page = readFileSync(path.join(folder, 'performance.md'), 'utf8')
  expect(page).toMatch(/^\| lock, acquire and release \| [\d.]+ \/ [\d.]+ = /m)
  expect(page).toMatch(/^\| bytes per subject: gcra \| -?[\d.]+ \|/m)
  for (const plot of ['performance.svg', 'performance-p99.svg']) {
    expect(page).toContain(`(${plot})`)
    expect(readFileSync(path.join(folder, plot), 'utf8')).toMatch(/^<svg .*<polyline .*<\/svg>\n$/s)
  }
})
