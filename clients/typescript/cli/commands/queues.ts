import { Command, Option } from 'commander'
import type { components } from '../../src/api.js'
import { act, type Context, collect } from '../act.js'
import { EXIT, Failure } from '../failures.js'
import { type Output, size, time } from '../output.js'
import { count, duration, parseJson, read } from '../values.js'

type Schemas = components['schemas']

export function queuesCommand(): Command {
  const queues = new Command('queues').description('queues: send, receive, and dead letters')
  const commands = [
    lsCommand(),
    showCommand(),
    sendCommand(),
    receiveCommand(),
    ackCommand(),
    deadCommand(),
    redriveCommand(),
  ]
  for (const command of commands) queues.addCommand(command)
  return queues
}

const lsCommand = () =>
  new Command('ls')
    .description('list the queues with their counts')
    .option('--prefix <text>', 'only names that begin with this text')
    .option('--limit <n>', 'queues at most', count(1), 100)
    .action(
      act(async ({ call, out }, { prefix, limit }: { prefix?: string; limit: number }) => {
        const queues = await collect(limit, async (page) => {
          const query = { ...page, ...(prefix !== undefined && { prefix }) }
          return (await call('listQueues', { query })).json
        })
        out.show(queues, () => {
          const rows = queues.map(({ name, counts, oldestReadyMs }) => [
            name,
            counts.ready,
            counts.delayed,
            counts.leased,
            counts.blocked,
            counts.dead,
            time(oldestReadyMs),
          ])
          const heads = ['QUEUE', 'READY', 'DELAYED', 'LEASED', 'BLOCKED', 'DEAD', 'OLDEST']
          out.table(heads, rows, 'no queue')
        })
      }),
    )

const showCommand = () =>
  new Command('show')
    .description('show the counts and settings of a queue')
    .argument('<queue>')
    .action(
      act(async ({ call, out }, queue: string) => {
        const { json } = await call('getQueue', { path: { queue } })
        out.show(json, () => printQueue(out, json))
      }),
    )

function printQueue(out: Output, { counts, totals, ...queue }: Schemas['Queue']): void {
  const listed = (numbers: object) =>
    Object.entries(numbers)
      .filter(([, number]) => number > 0)
      .map(([name, number]) => `${number} ${name}`)
      .join(', ') || 'none'
  out.fields([
    ['queue', queue.name],
    ['state', queue.paused ? 'paused' : 'open'],
    ['messages', listed(counts)],
    ['so far', listed(totals)],
    ['oldest ready', time(queue.oldestReadyMs)],
    ['bytes', `${size(queue.bytes)} of ${size(queue.maxBytes)}`],
    ['capacity', queue.capacity],
    ['visibility', time(queue.visibilityMs)],
    ['failures', `dead after ${queue.maxFailures}`],
    ['retention', `${time(queue.retentionMs)}, dead letters ${time(queue.deadRetentionMs)}`],
  ])
}

interface SendOptions {
  readonly text?: true
  readonly delay?: number
  readonly priority?: number
  readonly group?: string
  readonly dedupId?: string
}

const sendCommand = () =>
  new Command('send')
    .description('send a message, by default from standard input')
    .argument('<queue>')
    .argument('[body]', 'JSON, or text with --text')
    .option('--text', 'the body is text')
    .option('--delay <time>', 'not delivered before', duration(0, 30 * 86_400_000))
    .option('--priority <n>', 'higher is delivered first', count(0, 9))
    .option('--group <name>', 'messages of one group keep their order')
    .option('--dedup-id <id>', 'only the first message with this id is stored')
    .action(
      act(async ({ call, out }, queue: string, body: string | undefined, options: SendOptions) => {
        const message = { ...toBody(body ?? `${await read('-')}`, options), ...terms(options) }
        const input = { path: { queue }, body: { messages: [message] } }
        const { json } = await call('sendMessages', input)
        out.show(json, () => {
          for (const { id, duplicate } of json.messages) {
            out.line(duplicate ? `${id} (a duplicate)` : id)
          }
        })
      }),
    )

const toBody = (body: string, { text }: SendOptions) =>
  text ? { body, encoding: 'text' as const } : { body: parseJson(body) }

const terms = ({ delay, priority, group, dedupId }: SendOptions) => ({
  ...(delay !== undefined && { delayMs: delay }),
  ...(priority !== undefined && { priority }),
  ...(group !== undefined && { group }),
  ...(dedupId !== undefined && { dedupId }),
})

interface ReceiveOptions {
  readonly limit: number
  readonly wait: number
  readonly visibility?: number
  readonly ack?: true
}

const receiveCommand = () =>
  new Command('receive')
    .description('take messages, one JSON object per line; exit code 1 if there is none')
    .argument('<queue>')
    .option('-n, --limit <n>', 'messages at most', count(1, 100), 1)
    .option('-w, --wait <time>', 'how long to wait for one', duration(0, 20_000), 0)
    .option('--visibility <time>', 'time to settle them', duration(1_000, 43_200_000))
    .option('--ack', 'acknowledge them when they are printed')
    .action(
      act(async ({ call, out }, queue: string, options: ReceiveOptions) => {
        const { limit, wait: waitMs, visibility, ack } = options
        const times = { waitMs, ...(visibility !== undefined && { visibilityMs: visibility }) }
        const input = { path: { queue }, body: { limit, ...times } }
        const { items } = (await call('receiveMessages', input)).json
        for (const message of items) out.line(JSON.stringify(message))
        if (items.length === 0) throw new Failure(EXIT.missing)
        if (!ack) return
        await out.written()
        const receipts = items.map(({ receipt }) => receipt)
        await settle(call, queue, receipts)
      }),
    )

const ackCommand = () =>
  new Command('ack')
    .description('acknowledge received messages')
    .argument('<queue>')
    .argument('<receipts...>')
    .action(
      act(async ({ call, out }, queue: string, receipts: string[]) => {
        const results = await settle(call, queue, receipts)
        out.show(results, () => undefined)
      }),
    )

async function settle(call: Context['call'], queue: string, ack: string[]) {
  const { json } = await call('settleMessages', { path: { queue }, body: { ack } })
  const late = json.results.filter(({ status }) => status !== 'acked')
  if (late.length === 0) return json.results
  const lines = late.map(({ receipt, status }) => `${receipt} is ${status}`)
  throw new Failure(EXIT.missing, lines.join('; '))
}

const deadCommand = () =>
  new Command('dead')
    .description('list the dead letters of a queue, with their last error')
    .argument('<queue>')
    .option('--limit <n>', 'messages at most', count(1), 20)
    .action(
      act(async ({ call, out }, queue: string, { limit }: { limit: number }) => {
        const page = async (query: { limit: number; cursor?: string }) => {
          const input = { path: { queue }, query: { ...query, state: 'dead' as const } }
          return (await call('listMessages', input)).json
        }
        const letters = await collect(limit, page, 100)
        out.show(letters, () => {
          const rows = letters.map((one) => [
            one.id,
            one.failures,
            one.lastFailedAt,
            one.error,
            JSON.stringify(one.body).slice(0, 60),
          ])
          out.table(['ID', 'FAILURES', 'LAST', 'ERROR', 'BODY'], rows, 'no dead letter')
        })
      }),
    )

const redriveCommand = () =>
  new Command('redrive')
    .description('make dead letters messages again: some by their ids, or the oldest')
    .argument('<queue>')
    .argument('[ids...]')
    .addOption(new Option('-n, --count <n>', 'the oldest ones').argParser(count(1, 10_000)))
    .action(
      act(async ({ call, out }, queue: string, ids: string[], options: { count?: number }) => {
        const isByCount = options.count !== undefined
        if (isByCount === ids.length > 0) throw new Failure(EXIT.usage, 'name ids, or --count')
        const body = options.count === undefined ? { ids } : { count: options.count }
        const { json } = await call('redriveDeadLetters', { path: { queue }, body })
        const { redriven, full } = json
        out.show(json, () => out.line(`${redriven} redriven${full ? '; the queue is full' : ''}`))
        if (full) throw new Failure(EXIT.later)
      }),
    )
