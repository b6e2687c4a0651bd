import { readdirSync } from 'node:fs'
import path from 'node:path'
import { TestRunner } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { type Deletion, deletionsOf } from './deletions.js'
import { Reach, type Runs } from './reach.js'
import { type LuaFile, loadPrograms, openParser, type Parses, readLua, replace } from './scripts.js'
import { type Trial, tryFile } from './trial.js'

/** Lua files; test files to use instead of all those of their domains; `--all`. */
const ASKED = (process.env.LOCKSTEP_LINES ?? '').split(' ').filter(Boolean)
const TEST = path.resolve(import.meta.dirname, '..')
/** How long a test may take that nothing is known of. */
const FIRST_MS = 60_000
/** A test that takes so many times as long as it did, and at least so long, waits in vain. */
const SLOWER = 5
const AT_LEAST_MS = 5_000

/** What the run found wrong, for the test that says so. */
export const faults: string[] = []

/** Deletes every line of the scripts once before it runs the one test, which tells what was found. */
// biome-ignore lint/style/noDefaultExport: vitest asks for it
export default class LinesRunner extends TestRunner {
  async onBeforeCollect(): Promise<void> {
    const { parses, close } = await openParser(this.injectValue('redisUrl'))
    const programs = await loadPrograms()
    const files = ASKED.filter((file) => file.endsWith('.lua')).map((file) =>
      readLua(file, programs),
    )
    const reach = new Reach(parses)
    const work = new Map<LuaFile, Map<Deletion, Runs>>()
    for (const lua of files) {
      work.set(lua, await reach.watch(lua, await parsingDeletions(lua, parses)))
    }
    reach.start(new Set(files.flatMap((lua) => lua.programs)))
    const usual = await this.#runAll(testFilesFor(files), reach)
    reach.stop()
    for (const [lua, deletions] of work) await this.#deleteEach(lua, deletions, usual)
    await this.#lookBack(usual)
    close()
  }

  async #runAll(tests: readonly string[], reach: Reach): Promise<Map<string, Trial>> {
    const usual = new Map<string, Trial>()
    for (const file of tests) {
      const onTest = (test: number) => reach.enter(file, test)
      const trial = await tryFile(this, file, { timeoutMs: FIRST_MS, onTest })
      if (ASKED.includes('--all')) say(`${path.relative('', file)} ${Math.round(trial.ms)} ms`)
      if (trial.failed === undefined) usual.set(file, trial)
      else say(`${path.relative('', file)} is red as it is, and not used: ${trial.failed}`)
    }
    return usual
  }

  async #deleteEach(
    lua: LuaFile,
    deletions: ReadonlyMap<Deletion, Runs>,
    usual: ReadonlyMap<string, Trial>,
  ): Promise<void> {
    const started = performance.now()
    const kills = new Map<string, number>()
    let found = 0
    for (const [deletion, runs] of deletions) {
      const place = `${lua.path}:${deletion.line}`
      const red = await this.#firstRed(lua, deletion, inOrder(runs, usual, kills))
      if (red !== undefined) {
        found++
        kills.set(red.file, 1 + (kills.get(red.file) ?? 0))
      }
      if (ASKED.includes('--all')) say(`${place} ${red?.name ?? '-'}  ${deletion.what}`)
      const why = faultOf(deletion, red, runs.size > 0)
      if (why === undefined) continue
      faults.push(`${place} ${why}: ${deletion.what}`)
      say(faults.at(-1)!)
    }
    const seconds = Math.round((performance.now() - started) / 1_000)
    say(`${lua.path}: ${found} of ${deletions.size} deletions found, in ${seconds} s`)
  }

  async #firstRed(
    lua: LuaFile,
    deletion: Deletion,
    tries: readonly Try[],
  ): Promise<Red | undefined> {
    for (const { file, last, timeoutMs } of tries) {
      const restore = replace(lua, deletion.text)
      const { failed, ms } = await tryFile(this, file, { last, timeoutMs })
      restore()
      if (failed === undefined) continue
      const name = `${path.relative(TEST, file)}: ${failed}`
      // It may have waited in vain because the machine is busy.
      if (ms < WAIT_MS || (await this.#isGreen(file, last, timeoutMs))) return { file, name }
      say(`not counted, because it is red without a deletion as well: ${name}`)
    }
    return undefined
  }

  /** A deletion must not have left anything that makes tests red after it. */
  async #lookBack(usual: ReadonlyMap<string, Trial>): Promise<void> {
    for (const [file] of usual) {
      if (await this.#isGreen(file, Number.POSITIVE_INFINITY, FIRST_MS)) continue
      faults.push(`${path.relative('', file)} is red by now without a deletion: run this again`)
    }
  }

  async #isGreen(file: string, last: number, timeoutMs: number): Promise<boolean> {
    return (await tryFile(this, file, { last, timeoutMs })).failed === undefined
  }
}

/** A test file with how far it is run. */
interface Try {
  readonly file: string
  readonly last: number
  readonly timeoutMs: number
  readonly worth: number
}

interface Red {
  readonly file: string
  readonly name: string
}

/** The files that run a line: first those that are soon done with it, or find much. */
function inOrder(
  runs: Runs,
  usual: ReadonlyMap<string, Trial>,
  kills: ReadonlyMap<string, number>,
): Try[] {
  const tries = [...runs].flatMap(([file, tests]) => {
    const trial = usual.get(file)
    if (trial === undefined) return []
    const untilRun = trial.ms - sum(trial.tests.slice(Math.min(...tests) + 1))
    return {
      file,
      last: Math.max(...tests),
      timeoutMs: Math.max(AT_LEAST_MS, SLOWER * Math.max(...trial.tests)),
      worth: (1 + (kills.get(file) ?? 0)) / untilRun,
    }
  })
  return tries.sort((a, b) => b.worth - a.worth)
}

function faultOf({ savesWork }: Deletion, red: Red | undefined, isRun: boolean) {
  if (red === undefined && !savesWork) return isRun ? 'can go' : 'is run by no test'
  if (red !== undefined && savesWork) return `does more than save work (${red.name})`
  return undefined
}

/** The first of each that still parses. */
async function parsingDeletions(lua: LuaFile, parses: Parses): Promise<Deletion[]> {
  const found: Deletion[] = []
  for (const candidates of deletionsOf(lua.text)) {
    for (const deletion of candidates) {
      if (!(await parses(lua, deletion.text))) continue
      found.push(deletion)
      break
    }
  }
  return found
}

function testFilesFor(files: readonly LuaFile[]): string[] {
  const asked = ASKED.filter((file) => file.endsWith('.test.ts'))
  if (asked.length > 0) return asked.map((file) => path.resolve(file))
  const domains = new Set(files.map((lua) => lua.path.split('/')[1] as string))
  return [...domains].flatMap((domain) =>
    readdirSync(path.join(TEST, domain), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => path.join(TEST, domain, file)),
  )
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const say = (line: string): void => void process.stderr.write(`${line}\n`)
