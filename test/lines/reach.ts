import { Redis } from 'ioredis'
import { type Deletion, deletionsOf, endOf, indentOf } from './deletions.js'
import { type LuaFile, type Parses, replace, setSource } from './scripts.js'

/** Which tests ran a line: for each file the numbers of them, in their order. */
export type Runs = Map<string, Set<number>>

const TOLD = 'lines:'

/**
 * Scripts that tell which of their lines they run, in one more element of their replies, which is
 * taken off before the service sees it. What no test runs needs no trial, and everything else only
 * the tests that run it.
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

  /** @returns for each deletion the tests that may miss it, to be read when they were run */
  async watch(lua: LuaFile, deletions: readonly Deletion[]): Promise<Map<Deletion, Runs>> {
    const lines = lua.text.split('\n')
    const byLine = new Map<number, Runs>()
    let marked: readonly string[] = lines
    for (const at of new Set(deletionsOf(lua.text).flatMap((tries) => tries[0]!.line - 1))) {
      // A block cannot be taken for a part of the statement that goes on in this line.
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

  /** Every script that is watched tells from now on. */
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

/** Words of conditions that change nothing. */
const CALL = /([\w.]+)\(/g
const PURE = /^(?:is_\w+|has_\w+|fits|string\.\w+|math\.\w+|tonumber|and|or|not)$/

/** An `if` is missed only where one of its branches is taken, if to ask changes nothing. */
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

/** The line itself, or the one of the statement that it is part of. */
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
