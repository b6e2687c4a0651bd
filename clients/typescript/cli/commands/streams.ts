import { Command } from 'commander'
import { follow, type ServerEvent } from '../../src/events.js'
import { act, collect } from '../act.js'
import { size } from '../output.js'
import { count, parseJson, read } from '../values.js'
import { printEvents, withCount } from './follow.js'

export function streamsCommand(): Command {
  const streams = new Command('streams').description('streams: append, read and follow')
  for (const command of [lsCommand(), appendCommand(), readCommand(), followCommand()]) {
    streams.addCommand(command)
  }
  return streams
}

const lsCommand = () =>
  new Command('ls')
    .description('list the streams')
    .option('--prefix <text>', 'only names that begin with this text')
    .option('--limit <n>', 'streams at most', count(1), 100)
    .action(
      act(async ({ call, out }, { prefix, limit }: { prefix?: string; limit: number }) => {
        const streams = await collect(limit, async (page) => {
          const query = { ...page, ...(prefix !== undefined && { prefix }) }
          return (await call('listStreams', { query })).json
        })
        out.show(streams, () => {
          const rows = streams.map(({ name, length, bytes, newest }) => [
            name,
            length,
            size(bytes),
            newest,
          ])
          out.table(['STREAM', 'ENTRIES', 'SIZE', 'NEWEST'], rows, 'no stream')
        })
      }),
    )

const appendCommand = () =>
  new Command('append')
    .description('append an entry, by default with data from standard input')
    .argument('<stream>')
    .argument('<event>', 'what happened')
    .argument('[data]', 'JSON, or text with --text')
    .option('--text', 'the data is text')
    .action(
      act(
        async (
          { call, out },
          stream: string,
          event: string,
          given: string | undefined,
          { text }: { text?: true },
        ) => {
          const data = given ?? `${await read('-')}`
          const content = text ? { data, encoding: 'text' as const } : { data: parseJson(data) }
          const body = { entries: [{ event, ...content }] }
          const { json } = await call('appendToStream', { path: { stream }, body })
          out.show(json, () => {
            for (const { id } of json.entries) out.line(id)
          })
        },
      ),
    )

interface ReadOptions {
  readonly after?: string
  readonly limit: number
  readonly newest?: true
}

const PLACE = 'an id, `start`, `end`, or `at:` and a time in RFC 3339'

const readCommand = () =>
  new Command('read')
    .description('print entries, one JSON object per line')
    .argument('<stream>')
    .option('--after <place>', `entries after this place: ${PLACE}`)
    .option('-n, --limit <n>', 'entries at most', count(1), 100)
    .option('--newest', 'the newest first')
    .action(
      act(async ({ call, out }, stream: string, { after, limit, newest }: ReadOptions) => {
        const entries = await collect(
          limit,
          async ({ limit, cursor }) => {
            const place = newest ? { before: cursor } : { after: cursor ?? after }
            const query = {
              limit,
              ...(newest && { order: 'desc' as const, ...(after !== undefined && { after }) }),
              ...Object.fromEntries(Object.entries(place).filter(([, at]) => at !== undefined)),
            }
            return (await call('readStream', { path: { stream }, query })).json
          },
          100,
        )
        for (const entry of entries) out.line(JSON.stringify(entry))
      }),
    )

const followCommand = () =>
  withCount(new Command('follow'))
    .description('print entries as they are appended, until it is interrupted')
    .argument('<stream>')
    .option('--after <place>', `begin after this place: ${PLACE}`)
    .action(
      act((context, stream: string, { after, count }: { after?: string; count?: number }) => {
        const input = { path: { stream }, query: after === undefined ? {} : { after } }
        const events = happening(follow(context.call, 'followStream', input))
        return printEvents(context, events, count, ({ event, data }) =>
          event === 'reset'
            ? `entries after ${data.asked} were dropped, ${data.missed ?? 'an unknown number'}`
            : `${data.appendedAt}  ${event}  ${JSON.stringify(data.data)}`,
        )
      }),
    )

/** Without the event that says that no entry is there yet. */
async function* happening(events: AsyncIterable<ServerEvent>): AsyncGenerator<ServerEvent> {
  for await (const event of events) if (event.event !== 'following') yield event
}
