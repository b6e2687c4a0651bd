import { execFile, spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import type { AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { WAIT_MS } from './support/bounds.js'
import { useHarness } from './support/harness.js'
import { tempFolder } from './support/temp-folder.js'

const PROJECT = path.resolve(import.meta.dirname, '..')
const EXAMPLES = path.join(PROJECT, 'examples')
const execute = promisify(execFile)

const harness = useHarness()

interface Language {
  readonly name: string
  /** A command that succeeds if the language is installed. */
  readonly probe: readonly [string, string]
  /** Builds the example in a folder of its own, and returns the command that runs it. */
  command(file: string, out: string): Promise<readonly [string, ...string[]]>
}

const LANGUAGES: readonly Language[] = [
  { name: 'sh', probe: ['curl', '--version'], command: async (file) => ['bash', file] },
  { name: 'py', probe: ['python3', '--version'], command: async (file) => ['python3', file] },
  { name: 'ts', probe: ['node', '--version'], command: compiled },
  { name: 'go', probe: ['go', 'version'], command: built },
]

const scriptFolder = mkdtempSync('/tmp/ls-')
afterAll(() => rmSync(scriptFolder, { recursive: true }))
let compilation: Promise<unknown> | undefined

/** Compiles TypeScript, because Node runs it directly only from 22.18 on. */
async function compiled(file: string): Promise<readonly [string, string]> {
  compilation ??= compileAll()
  await compilation
  const program = path.relative(EXAMPLES, file).replace(/ts$/, 'js')
  return [process.execPath, path.join(scriptFolder, program)]
}

/** Compiles all examples in one run, which takes as long as one example. */
async function compileAll(): Promise<void> {
  writeFileSync(path.join(scriptFolder, 'package.json'), '{ "type": "module" }')
  const tsc = path.join(PROJECT, 'node_modules/.bin/tsc')
  const options = ['--outDir', scriptFolder, '--rootDir', EXAMPLES, '--types', 'node']
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(EXAMPLES, file))
  const language = ['--module', 'esnext', '--target', 'es2022']
  await execute(tsc, ['--ignoreConfig', ...options, ...language, ...files], { cwd: PROJECT })
}

/** Go caches net/http, which takes half a minute to compile: at home if that is writable. */
const GO_CACHE = isWritable(homedir()) ? {} : { GOCACHE: path.join(PROJECT, '.lockstep/go') }

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

async function built(file: string, out: string): Promise<readonly [string]> {
  const program = path.join(out, 'program')
  await execute('go', ['build', '-o', program, file], {
    env: { ...process.env, ...GO_CACHE, GO111MODULE: 'off' },
  })
  return [program]
}

type Run = (...args: string[]) => Promise<string>

/** Tests an example of `examples/` in each installed language. */
function inEachLanguage(example: string, test: (run: Run, out: string) => Promise<void>): void {
  it.for(LANGUAGES)('in $name', async ({ name, probe, command }, { skip }) => {
    if (spawnSync(probe[0], [probe[1]]).status !== 0) skip(`${probe[0]} is not installed`)
    const out = tempFolder()
    const [program, ...before] = await command(
      path.join(PROJECT, `examples/${example}.${name}`),
      out,
    )
    const { port } = harness.app.server.address() as AddressInfo
    const env = { ...process.env, LOCKSTEP_URL: `http://127.0.0.1:${port}` }
    const run: Run = async (...args) => {
      const { stdout } = await execute(program, [...before, ...args], { env, timeout: WAIT_MS })
      return stdout
    }
    await test(run, out)
  })
}

const inDefault = (path: string) =>
  harness.request('get', path).set('lockstep-namespace', 'default').expect(200)

describe('two services and one migration', () => {
  inEachLanguage('migration/migrate', async (run, out) => {
    const version = path.join(out, 'version')
    const said = await Promise.all(['shop', 'blog', 'mail'].map((service) => run(service, version)))

    expect(said.filter((text) => text.includes(': migrated'))).toHaveLength(1)
    expect(said.filter((text) => text.includes(': nothing to do'))).toHaveLength(2)
    expect(readFileSync(version, 'utf8')).toMatch(/^migrated by \w+ under fence \d{16}\n$/)
    const { body } = await inDefault('/v1/locks/migrate')
    expect(body).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
  })
})

describe('a shared counter under a lock', () => {
  inEachLanguage('counter/counter', async (run, out) => {
    const counter = path.join(out, 'counter')
    await Promise.all([run(counter, '10'), run(counter, '10'), run(counter, '10')])

    expect(readFileSync(counter, 'utf8')).toMatch(/^30 \d{16}\n$/)
    expect((await inDefault('/v1/locks/counter')).body).toMatchObject({ state: 'free' })
  })
})

describe("a game's board", () => {
  inEachLanguage('board/board', async (run, out) => {
    const board = path.basename(out)
    expect(await run(board, 'ada', '120', '300', '200')).toBe('1 ada 300\nyou: 1 ada 300\n')
    await run(board, 'bob', '500')
    await run(board, 'eve', '300')
    expect(await run(board, 'dan', '7')).toBe('1 bob 500\n2 ada 300\n2 eve 300\nyou: 4 dan 7\n')
  })
})

describe('a profile read through the cache', () => {
  inEachLanguage('profile/profile', async (run, out) => {
    const user = path.basename(out)
    writeFileSync(path.join(out, user), 'Ada')
    const said = await Promise.all([1, 2, 3].map(() => run(user, out)))

    expect(said.sort()).toEqual(['cached: Ada\n', 'cached: Ada\n', 'loaded: Ada\n'])
    expect(readFileSync(path.join(out, 'loads'), 'utf8')).toBe(`${user}\n`)
    expect(await run(`no-${user}`, out)).toBe('loaded: nobody\n')
    expect(await run(`no-${user}`, out)).toBe('cached: nobody\n')
  })
})

describe('nginx that checks a limit for each visitor', () => {
  it('accepts five of eight requests', async ({ skip }) => {
    const PATH = `${process.env.PATH}:/usr/sbin`
    for (const program of ['nginx', 'python3', 'curl']) {
      if (spawnSync(program, ['--help'], { env: { PATH } }).error)
        skip(`${program} is not installed`)
    }
    const { port } = harness.app.server.address() as AddressInfo
    const env = { ...process.env, PATH, LOCKSTEP_URL: `http://127.0.0.1:${port}` }
    const file = path.join(PROJECT, 'examples/nginx/limited.sh')
    const { stdout } = await execute('bash', [file], { env, timeout: WAIT_MS })
    const lines = stdout.trim().split('\n')
    expect(lines.map((line) => line.slice(0, 3))).toEqual([
      ...Array(5).fill('200'),
      ...Array(3).fill('429'),
    ])
    expect(lines[0]).toMatch(/left and resets in: "site";r=4;t=\d+ {2}retry after: $/)
    expect(lines[7]).toMatch(/left and resets in: "site";r=0;t=\d+ {2}retry after: \d+$/)
  })
})
