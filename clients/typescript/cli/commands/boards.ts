import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import type { components } from '../../src/api.js'
import type { Entry } from '../../src/boards.js'
import { act } from '../act.js'
import { EXIT, Failure } from '../failures.js'
import { linesOf } from '../lines.js'
import { note, type Output } from '../output.js'
import { startProgress } from '../progress.js'
import { count } from '../values.js'

type Submission = components['schemas']['ScoreSubmission']

export function boardsCommand(): Command {
  const boards = new Command('boards').description('leaderboards: ranks, export and import')
  for (const command of [topCommand(), rankCommand(), exportCommand(), importCommand()]) {
    boards.addCommand(command)
  }
  return boards
}

const withSeason = (command: Command): Command =>
  command.option('--season <id>', 'a season by its id, or `previous`')

interface Season {
  readonly season?: string
}

const ofSeason = ({ season }: Season) => (season === undefined ? {} : { season })

const topCommand = () =>
  withSeason(new Command('top'))
    .description('show the best entries')
    .argument('<board>')
    .option('-n, --limit <n>', 'entries', count(1, 1_000), 10)
    .action(
      act(async ({ service, out }, board: string, options: Season & { limit: number }) => {
        const query = { limit: options.limit, ...ofSeason(options) }
        printEntries(out, await service.lockstep.boards.top(board, query))
      }),
    )

const rankCommand = () =>
  withSeason(new Command('rank'))
    .description('show the entry of a member, and its neighbours')
    .argument('<board>')
    .argument('<member>')
    .option('--around <n>', 'entries, with the one of the member', count(1, 1_000), 1)
    .action(
      act(
        async (
          { service, out },
          board: string,
          member: string,
          options: Season & { around: number },
        ) => {
          const query = { count: options.around, ...ofSeason(options) }
          printEntries(out, await service.lockstep.boards.around(board, member, query), member)
        },
      ),
    )

function printEntries(out: Output, entries: readonly Entry[], own?: string): void {
  out.show(entries, () => {
    const rows = entries.map(({ rank, member, score, scores = [score] }) => [
      rank,
      member === own && entries.length > 1 ? `> ${member}` : member,
      scores.join('  '),
    ])
    out.table(['RANK', 'MEMBER', 'SCORE'], rows, 'no entries')
  })
}

const exportCommand = () =>
  withSeason(new Command('export'))
    .description('write all entries of a season, one JSON object per line')
    .argument('<board>')
    .option('-o, --output <file>', 'write to this file, not to standard output')
    .action(
      act(async ({ service, call }, board: string, options: Season & { output?: string }) => {
        const query = ofSeason(options)
        const { json } = await call('listEntries', {
          path: { board },
          query: { ...query, limit: 1 },
        })
        // The season of the count: the board may begin another one meanwhile.
        const path = `/v1/leaderboards/${encodeURIComponent(board)}/export?season=${json.seasonId}`
        const { output } = options
        const to = output === undefined ? process.stdout : await openFile(output)
        const response = await service.open(path)
        const progress = startProgress('exporting', json.total)
        try {
          for await (const line of linesOf(response, service.address.attemptMs)) {
            await write(to, line)
            progress.add(1)
          }
        } finally {
          progress.end()
        }
        if (output !== undefined) await finished(to.end())
      }),
    )

async function openFile(file: string): Promise<Writable> {
  try {
    return (await open(file, 'w')).createWriteStream()
  } catch (error) {
    throw new Failure(EXIT.usage, `${file} cannot be written: ${(error as Error).message}`)
  }
}

async function write(to: Writable, line: string): Promise<void> {
  if (line.startsWith('{"error"')) throw new Failure(EXIT.missing, `the export broke off: ${line}`)
  if (!to.write(`${line}\n`)) await once(to, 'drain')
}

/** Entries of one call. */
const BATCH = 200

const importCommand = () =>
  new Command('import')
    .description('submit entries, one JSON object per line as `export` writes them')
    .argument('<board>')
    .argument('[file]', 'by default standard input', '-')
    .addOption(
      new Option('--op <operation>', 'in place of the operation of the board').choices([
        'best',
        'set',
        'incr',
        'min',
        'max',
      ]),
    )
    .action(
      act(async ({ call, out }, board: string, file: string, { op }: Pick<Submission, 'op'>) => {
        const counts = { submitted: 0, changed: 0, refused: 0 }
        const submit = async (entries: Submission[]) => {
          if (entries.length === 0) return
          const { json } = await call('submitScores', { path: { board }, body: { entries } })
          counts.submitted += entries.length
          for (const { member, changed, error } of json.results) {
            if (changed) counts.changed++
            if (error === undefined) continue
            counts.refused++
            note(`${JSON.stringify(member)} is refused: ${error}`)
          }
        }
        await inBatches(file, (line, number) => toSubmission(line, number, op), submit)
        out.show(counts, () => {
          const { submitted, changed, refused } = counts
          out.line(`${submitted} entries submitted, ${changed} changed, ${refused} refused`)
        })
        if (counts.refused > 0) throw new Failure(EXIT.missing)
      }),
    )

/** Reads a file line by line, with a bar for its bytes. */
async function inBatches<T>(
  file: string,
  parse: (line: string, number: number) => T,
  submit: (batch: T[]) => Promise<void>,
): Promise<void> {
  const { lines, size } = await linesIn(file)
  const progress = startProgress('importing', size)
  let batch: T[] = []
  let bytes = 0
  let number = 0
  const flush = async () => {
    await submit(batch)
    progress.add(bytes)
    batch = []
    bytes = 0
  }
  try {
    for await (const line of lines) {
      number++
      bytes += Buffer.byteLength(line) + 1
      if (line.trim() !== '') batch.push(parse(line, number))
      if (batch.length === BATCH) await flush()
    }
    await flush()
  } finally {
    progress.end()
  }
}

async function linesIn(file: string) {
  if (file === '-') return { lines: createInterface({ input: process.stdin }), size: 0 }
  try {
    const handle = await open(file)
    const stats = await handle.stat()
    if (stats.isDirectory()) throw new Error('it is a folder')
    return { lines: handle.readLines(), size: stats.size }
  } catch (error) {
    throw new Failure(EXIT.usage, `${file} cannot be read: ${(error as Error).message}`)
  }
}

function toSubmission(line: string, number: number, op: Submission['op']): Submission {
  let entry: Partial<Submission>
  try {
    entry = JSON.parse(line) ?? {}
  } catch {
    throw new Failure(
      EXIT.usage,
      `line ${number} is no JSON; the lines of earlier batches are submitted`,
    )
  }
  const { member, score, scores, metadata } = entry
  if (typeof member !== 'string' || (score ?? scores) === undefined) {
    throw new Failure(EXIT.usage, `line ${number} has no member and score`)
  }
  return {
    member,
    ...(score !== undefined && { score }),
    ...(scores && { scores }),
    ...(metadata && { metadata }),
    ...(op && { op }),
  }
}
