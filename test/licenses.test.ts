import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from './support/temp-folder.js'

const SCRIPT = path.resolve(import.meta.dirname, '../scripts/licenses.mjs')

/** Lists a lock file with these packages. @returns the list, or the complaints */
function run(packages: Readonly<Record<string, object>>): string {
  const file = path.join(tempFolder(), 'package-lock.json')
  writeFileSync(file, JSON.stringify({ packages: { '': { name: 'top' }, ...packages } }))
  try {
    return execFileSync('node', [SCRIPT, file], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return (error as { readonly stderr: string }).stderr
  }
}

it('lists packages by licence', () => {
  const list = run({
    'node_modules/b': { version: '2.0.0', license: 'MIT' },
    'node_modules/b/node_modules/@c/d': { version: '1.0.0', license: 'MIT' },
    'node_modules/e': { version: '1.0.0', license: '(GPL-3.0 OR ISC)' },
    'node_modules/f': { version: '1.0.0', license: 'MPL-2.0', dev: true },
  })
  expect(list).toBe('(GPL-3.0 OR ISC): e@1.0.0\nMIT: @c/d@1.0.0, b@2.0.0\nMPL-2.0: f@1.0.0\n')
})

it.each([
  ['of the service with a licence for tools', { license: 'MPL-2.0' }, 'MPL-2.0'],
  ['with an unknown licence', { license: 'GPL-3.0', dev: true }, 'GPL-3.0'],
  ['with two licences that both hold', { license: 'MIT AND GPL-3.0' }, 'MIT AND GPL-3.0'],
  ['without a licence', {}, 'none'],
])('refuses a package %s', (_what, more, license) => {
  const complaint = run({ 'node_modules/a': { version: '1.0.0', ...more } })
  expect(complaint).toBe(
    `a@1.0.0 has the licence ${license}, which scripts/licenses.mjs does not name.\n`,
  )
})
