import { Redis } from 'ioredis'
import { type Deletion, deletionsOf, endOf, indentOf } from './deletions.js'
import { type LuaFile, type Parses, replace, setSource } from './scripts.js'

/** Which tests ran a line: for each file the numbers of the tests. */
export type Runs = Map<string, Set<number>>

const TOLD = 'lines:'

/**
 * Records which lines tests run: each script reports its lines in one more element of its reply,
 * which is removed before the service sees it. A deletion is tried only with the tests that run its
 * line.
 */
export class Reach {
  readonly #parses: Parses
  readonly #runs: Runs[] = []
  readonly #restore: (() => void)[] = []
  #file = ''
  #test = 0

  constructor(parses: Parses) {
    this.#parses = parses
    this.#restore.push(
      onReplies((told) => {
        for (const mark of told.slice(TOLD.length).split(' ').filter(Boolean)) this.#note(+mark)
      }),
    )
  }

  /** @returns for each deletion the tests that may detect it; filled while the tests run */
  async watch(lua: LuaFile, deletions: readonly Deletion[]): Promise<Map<Deletion, Runs>> {
    const lines = lua.text.split('\n')
    const byLine = new Map<number, Runs>()
    let marked: readonly string[] = lines
    for (const at of new Set(deletionsOf(lua.text).flatMap((tries) => tries[0]!.line - 1))) {
      // Lua cannot read a `do` block as part of a statement that continues in this line.
      const mark = `do lines_run[${this.#runs.length}] = 1 end`
      for (const next of [markBranches(marked, at, mark), markStart(marked, at, mark)]) {
        if (next === undefined || !(await this.#parses(lua, next.join('\n'), DECLARED))) continue
        marked = next
        byLine.set(at, new Map())
        this.#runs.push(byLine.get(at)!)
        break
      }
    }
    this.#restore.push(replace(lua, marked.join('\n')))
    return new Map(deletions.map((one) => [one, byLine.get(markedFor(one, lines, byLine))!]))
  }

  /** Makes every watched script report its lines. */
  start(programs: ReadonlySet<Parameters<typeof setSource>[0]>): void {
    for (const program of programs) setSource(program, telling(program.source))
  }

  enter(file: string, test: number): void {
    this.#file = file
    this.#test = test
  }

  stop(): void {
    for (const restore of this.#restore.reverse()) restore()
  }

  #note(mark: number): void {
    const runs = this.#runs[mark]!
    const tests = runs.get(this.#file) ?? new Set()
    runs.set(this.#file, tests.add(this.#test))
  }
}

const DECLARED = 'local lines_run = {} '

const telling = (source: string): string =>
  `${DECLARED}${source.replace(
    /return replies\n*$/,
    `local told = {} for line in pairs(lines_run) do told[#told + 1] = line end
replies[#replies + 1] = '${TOLD}' .. table.concat(told, ' ')
return replies`,
  )}`

/** Finds calls in a condition; those that match `PURE` have no effect. */
const CALL = /([\w.]+)\(/g
const PURE = /^(?:is_\w+|has_\w+|fits|string\.\w+|math\.\w+|tonumber|and|or|not)$/

/** Marks the branches of an `if` whose condition has no effect: only they depend on it. */
function markBranches(lines: readonly string[], at: number, mark: string): string[] | undefined {
  const [, condition] = /^\s*(?:do lines_run\S+ = 1 end )?if (.*?) then\b/.exec(lines[at]!) ?? []
  if (condition === undefined) return undefined
  if ([...condition.matchAll(CALL)].some(([, name]) => !PURE.test(name!))) return undefined
  const depth = indentOf(lines[at]!)
  return lines.map((line, i) =>
    i >= at && i < endOf(lines, at) && indentOf(line) === depth
      ? line.replace(/\b(?:then|else)\b/g, `$& ${mark}`)
      : line,
  )
}

function markStart(lines: readonly string[], at: number, mark: string): string[] | undefined {
  if (/^\s*elseif\b/.test(lines[at]!)) return undefined
  return lines.with(at, lines[at]!.replace(/\S/, `${mark} $&`))
}

/** The line itself, or the line of the statement that contains it. */
function markedFor(
  { line }: Deletion,
  lines: readonly string[],
  marked: ReadonlyMap<number, Runs>,
): number {
  let at = line - 1
  const depth = indentOf(lines[at]!)
  while (!(marked.has(at) && indentOf(lines[at]!) <= depth)) at--
  return at
}

function onReplies(hear: (told: string) => void): () => void {
  const { sendCommand } = Redis.prototype
  const take = (reply: unknown) => {
    const last = Array.isArray(reply) ? String(reply.at(-1)) : ''
    if (last.startsWith(TOLD)) {
      hear(last)
      ;(reply as unknown[]).pop()
    }
    return reply
  }
  Redis.prototype.sendCommand = function (command, stream) {
    const reply = sendCommand.call(this, command, stream) as Promise<unknown>
    return /^eval/.test(command.name) ? reply.then(take) : reply
  }
  return () => {
    Redis.prototype.sendCommand = sendCommand
  }
}
