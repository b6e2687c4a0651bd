import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { BackoffFields, DEFAULT_SETTINGS, SettingFields } from '../../src/queues/settings.js'

const GUIDE = readFileSync(new URL('../../docs/queues.md', import.meta.url), 'utf8')

interface Bounds {
  readonly minimum?: number
  readonly maximum?: number
}

/** Name, default and bounds of each setting. */
function rowsOf(
  prefix: string,
  fields: object,
  defaults: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(fields as Readonly<Record<string, Bounds>>).map(
    ([name, { minimum, maximum }]) => {
      const bounds = minimum === undefined ? '' : `${minimum} to ${maximum} `
      return `| \`${prefix}${name}\` | ${defaults[name]} | ${bounds}| `
    },
  )
}

it('has the defaults and bounds of every setting', () => {
  const rows = [
    ...rowsOf('', SettingFields, DEFAULT_SETTINGS),
    ...rowsOf('backoff.', BackoffFields, DEFAULT_SETTINGS.backoff),
  ]
  expect(rows.length).toBe(12)
  expect(rows.filter((row) => !GUIDE.includes(`\n${row}`))).toEqual([])
})
