import { readdirSync } from 'node:fs'
import path from 'node:path'
import { TestRunner } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { ASKED_LINES, ASKED_TESTS, IS_QUICK, SAYS_ALL } from './asked.js'
import { type Deletion, deletionsOf } from './deletions.js'
import { Reach, type Runs } from './reach.js'
import { type LuaFile, loadPrograms, openParser, type Parses, readLua, replace } from './scripts.js'
import { type Options, type Trial, tryFile } from './trial.js'

const TEST = path.resolve(import.meta.dirname, '..')
/** The time limit of a test whose usual time is unknown. */
const FIRST_MS = 60_000
/** A test fails after this many times its usual time, and after `AT_LEAST_MS` at the earliest. */
const SLOWER = 5
const AT_LEAST_MS = 5_000
/** The time limit for one deletion with --quick. */
const QUICK_MS = 10_000

/** The problems of the run, which the test in report.ts reports. */
export const faults: string[] = []

type Work = ReadonlyMap<LuaFile, readonly Deletion[]>

/** Tries every deletion before it runs the one test, which reports the findings. */
// biome-ignore lint/style/noDefaultExport: vitest asks for it
export default class LinesRunner extends TestRunner {
  async onBeforeCollect(): Promise<void> {
    const { parses, close } = await openParser(this.injectValue('redisUrl'))
    let left: Work = await findWork(parses)
    for (const tests of stagesFor(left)) {
      if (left.size > 0) left = await this.#try(left, tests, parses)
    }
    close()
    for (const [lua, deletions] of left) {
      for (const { line, what, savesWork } of deletions) {
        if (!savesWork) faults.push(`${lua.path}:${line} is missed by no test: ${what}`)
      }
    }
  }

  /** @returns the deletions that no test detects */
  async #try(work: Work, tests: readonly string[], parses: Parses): Promise<Work> {
    const reach = new Reach(parses)
    const runs = new Map<Deletion, Runs>()
    for (const [lua, deletions] of work) {
      for (const [deletion, of] of await reach.watch(lua, deletions)) runs.set(deletion, of)
    }
    reach.start(new Set([...work.keys()].flatMap((lua) => lua.programs)))
    const usual = await this.#runAll(tests, reach)
    reach.stop()

    const left = new Map<LuaFile, Deletion[]>()
    const kills = new Map<string, number>()
    for (const [lua, deletions] of work) {
      const survivors = []
      for (const deletion of deletions) {
        const tries = inOrder(runs.get(deletion)!, usual, kills)
        if (!(await this.#isMissed(lua, deletion, tries, kills))) survivors.push(deletion)
      }
      say(`${lua.path}: ${deletions.length - survivors.length} of ${deletions.length} are missed`)
      if (survivors.length > 0) left.set(lua, survivors)
    }
    for (const file of kills.keys()) await this.#lookBack(file, usual.get(file)!)
    return left
  }

  async #runAll(tests: readonly string[], reach: Reach): Promise<Map<string, Trial>> {
    const usual = new Map<string, Trial>()
    for (const file of tests) {
      const onTest = (test: number) => reach.enter(file, test)
      const trial = await tryFile(this, file, { goesOn: true, timeoutMs: FIRST_MS, onTest })
      if (trial.failed !== undefined)
        say(`red without a deletion: ${nameOf(file)}: ${trial.failed}`)
      // Without a failed test a hook failed, so no test can be skipped instead.
      if (trial.failed === undefined || trial.red.size > 0) usual.set(file, trial)
    }
    return usual
  }

  async #isMissed(
    lua: LuaFile,
    deletion: Deletion,
    tries: readonly Try[],
    kills: Map<string, number>,
  ): Promise<boolean> {
    const red = await this.#firstRed(lua, deletion, tries)
    if (red !== undefined) kills.set(red.file, 1 + (kills.get(red.file) ?? 0))
    const name = red?.name ?? `nobody of ${tries.length} files`
    if (SAYS_ALL) say(`${lua.path}:${deletion.line} ${deletion.what}\n    ${name}`)
    if (red && deletion.savesWork) {
      faults.push(`${lua.path}:${deletion.line} does more than save work: ${name}`)
    }
    return red !== undefined
  }

  async #firstRed(
    lua: LuaFile,
    deletion: Deletion,
    tries: readonly Try[],
  ): Promise<Red | undefined> {
    const started = performance.now()
    for (const { file, ...options } of tries) {
      if (IS_QUICK && performance.now() - started > QUICK_MS) return undefined
      const restore = replace(lua, deletion.text)
      const { failed, ms } = await tryFile(this, file, options)
      restore()
      if (failed === undefined) continue
      const name = `${nameOf(file)}: ${failed}`
      // A busy machine may have caused a time-out.
      if (ms < WAIT_MS || (await this.#isGreen(file, options))) return { file, name }
      say(`not counted, because it is red without a deletion as well: ${name}`)
    }
    return undefined
  }

  /** Expects that the deletions left no state that makes later tests fail. */
  async #lookBack(file: string, { red }: Trial): Promise<void> {
    if (await this.#isGreen(file, { skip: red, timeoutMs: FIRST_MS })) return
    faults.push(`${nameOf(file)} is red by now without a deletion: run this again`)
  }

  async #isGreen(file: string, options: Options): Promise<boolean> {
    return (await tryFile(this, file, options)).failed === undefined
  }
}

async function findWork(parses: Parses): Promise<Work> {
  const programs = await loadPrograms()
  const work = new Map<LuaFile, Deletion[]>()
  for (const [file, lines] of ASKED_LINES) {
    const lua = readLua(file, programs)
    const deletions = await parsingDeletions(lua, parses)
    work.set(
      lua,
      deletions.filter(({ line }) => lines.size === 0 || lines.has(line)),
    )
  }
  return work
}

/** For each statement, the first deletion that parses. */
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

/** The tests of the domains; then, for deletions they do not detect, the slower fault tests. */
function stagesFor(work: Work): string[][] {
  if (ASKED_TESTS.length > 0) return [ASKED_TESTS.map((file) => path.resolve(file))]
  const domains = new Set([...work.keys()].map((lua) => lua.path.split('/')[1] as string))
  return [[...domains].flatMap(testFilesIn), testFilesIn('faults')]
}

const testFilesIn = (folder: string): string[] =>
  readdirSync(path.join(TEST, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join(TEST, folder, file))

/** A test file, and which of its tests to run. */
interface Try extends Options {
  readonly file: string
  readonly worth: number
}

interface Red {
  readonly file: string
  readonly name: string
}

/** The files that run a line: first those that are fast, or that detected many deletions. */
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
      skip: trial.red,
      timeoutMs: Math.max(AT_LEAST_MS, SLOWER * Math.max(...trial.tests)),
      worth: (1 + (kills.get(file) ?? 0)) / untilRun,
    }
  })
  return tries.sort((a, b) => b.worth - a.worth)
}

const nameOf = (file: string): string => path.relative(TEST, file)

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const say = (line: string): void => void process.stderr.write(`${line}\n`)
