import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, renameSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Harness, startHarness } from './support/harness.js'
import { tempFolder } from './support/temp-folder.js'

const PROJECT = path.resolve(import.meta.dirname, '..')
const folder = path.join(PROJECT, 'examples/migration')
const run = promisify(execFile)

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.close())

interface Language {
  readonly name: string
  /** Tells that the language is installed. */
  readonly probe: readonly [string, string]
  /** Makes what is run, in a folder of its own. */
  command(file: string, out: string): readonly [string, ...string[]]
}

const LANGUAGES: readonly Language[] = [
  { name: 'sh', probe: ['curl', '--version'], command: (file) => ['bash', file] },
  { name: 'py', probe: ['python3', '--version'], command: (file) => ['python3', file] },
  { name: 'ts', probe: ['node', '--version'], command: compiled },
  { name: 'go', probe: ['go', 'version'], command: built },
]

/** Node runs TypeScript itself from 22.18 on; the compiler serves the older ones too. */
function compiled(file: string, out: string): readonly [string, string] {
  const tsc = path.join(PROJECT, 'node_modules/.bin/tsc')
  const options = ['--outDir', out, '--module', 'esnext', '--target', 'es2022', '--types', 'node']
  execFileSync(tsc, ['--ignoreConfig', ...options, file], { cwd: PROJECT })
  const program = path.join(out, 'migrate.mjs')
  renameSync(path.join(out, 'migrate.js'), program)
  return [process.execPath, program]
}

/** With a cache that stays: compiling net/http takes half a minute the first time. */
function built(file: string, out: string): readonly [string] {
  const program = path.join(out, 'migrate')
  const GOCACHE = path.join(PROJECT, '.lockstep/go')
  execFileSync('go', ['build', '-o', program, file], {
    env: { ...process.env, GOCACHE, GO111MODULE: 'off' },
  })
  return [program]
}

it.for(LANGUAGES)(
  'two services and one migration, in $name',
  { timeout: 60_000 },
  async ({ name, probe, command }, { skip }) => {
    if (spawnSync(probe[0], [probe[1]]).status !== 0) skip(`${probe[0]} is not installed`)
    const out = tempFolder()
    const [program, ...args] = command(path.join(folder, `migrate.${name}`), out)
    const version = path.join(out, 'version')
    const { port } = harness.app.server.address() as AddressInfo
    const env = { ...process.env, LOCKSTEP_URL: `http://127.0.0.1:${port}` }
    const services = ['shop', 'blog', 'mail'].map((service) =>
      run(program, [...args, service, version], { env, timeout: 20_000 }),
    )
    const said = (await Promise.all(services)).map(({ stdout }) => stdout)
    expect(said.filter((text) => text.includes(': migrated'))).toHaveLength(1)
    expect(said.filter((text) => text.includes(': nothing to do'))).toHaveLength(2)
    expect(readFileSync(version, 'utf8')).toMatch(/^migrated by \w+ under fence \d{16}\n$/)
    const { body } = await harness
      .request('get', '/v1/locks/migrate')
      .set('lockstep-namespace', 'default')
    expect(body).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
  },
)
