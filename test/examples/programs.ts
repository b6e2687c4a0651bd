import { execFile, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { type Run, runProgram } from '../support/lock-run.js'
import { tempFolder } from '../support/temp-folder.js'

export const PROJECT = path.resolve(import.meta.dirname, '../..')
export const EXAMPLES = path.join(PROJECT, 'examples')
const execute = promisify(execFile)

interface Language {
  readonly name: 'sh' | 'py' | 'mjs' | 'go'
  /** A command that succeeds if the language is installed. */
  readonly probe: readonly [string, string]
  /** The command that runs the example. */
  command(file: string, programs: string): Promise<readonly [string, ...string[]]>
}

const LANGUAGES: readonly Language[] = [
  { name: 'sh', probe: ['curl', '--version'], command: async (file) => ['bash', file] },
  { name: 'py', probe: ['python3', '--version'], command: async (file) => ['python3', file] },
  { name: 'mjs', probe: ['node', '--version'], command: async (file) => [process.execPath, file] },
  { name: 'go', probe: ['go', 'version'], command: built },
]

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

/** Builds a program once for all its tests, in the folder `programs`. */
async function built(file: string, programs: string): Promise<readonly [string]> {
  const program = path.join(programs, path.basename(file, '.go'))
  if (!existsSync(program)) {
    const env = { ...process.env, ...GO_CACHE, GO111MODULE: 'off' }
    await execute('go', ['build', '-o', program, file], { env })
  }
  return [program]
}

export interface Example {
  readonly language: Language['name']
  /** A folder of this test. */
  readonly out: string
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): Run
  /** Runs it to its end, and returns what it printed. */
  run(...args: string[]): Promise<string>
}

/** A service, and the programs of `examples/` that are tested against it. */
export function useExamples() {
  const harness = useHarness()
  let programs = ''
  beforeAll(() => {
    programs = mkdtempSync('/tmp/ls-')
  })
  afterAll(() => rmSync(programs, { recursive: true }))
  const serviceUrl = () => `http://127.0.0.1:${(harness.app.server.address() as AddressInfo).port}`

  /** Tests an example in each installed language that it is written in. */
  function inEachLanguage(
    name: string,
    test: (example: Example) => Promise<void>,
    languages = LANGUAGES.map(({ name }) => name),
  ): void {
    const fileOf = (language: Language) => path.join(EXAMPLES, `${name}.${language.name}`)
    const written = LANGUAGES.filter(
      (language) => languages.includes(language.name) && existsSync(fileOf(language)),
    )
    it.for(written)('in $name', async (language, { skip }) => {
      const { probe } = language
      if (spawnSync(probe[0], [probe[1]]).status !== 0) skip(`${probe[0]} is not installed`)
      const [program, ...before] = await language.command(fileOf(language), programs)
      const start: Example['start'] = (args, environment) =>
        runProgram(program, [...before, ...args], { LOCKSTEP_URL: serviceUrl(), ...environment })
      const run: Example['run'] = async (...args) => {
        const { exit, stdout, stderr } = start(args)
        expect(await exit, stderr()).toBe(0)
        return stdout()
      }
      await test({ language: language.name, out: tempFolder(), start, run })
    })
  }

  return {
    harness,
    serviceUrl,
    inEachLanguage,
    /** Reads from the default namespace, in which the programs run. */
    get: async (path: string) =>
      (await harness.request('get', path).set('lockstep-namespace', 'default').expect(200)).body,
    post: (path: string, body: object) =>
      harness.request('post', path).set('lockstep-namespace', 'default').send(body),
  }
}
