import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { WAIT_MS } from '../support/bounds.js'
import { until } from '../support/until.js'
import { type Instance, startInstance } from './fleet.js'
import { SCENARIOS } from './scenarios.js'

const SPACE = 'behind'
const WRITERS = 6
const KEYS_PER_WRITER = 4
/** Of a time-out of the origin: what it does not answer in time it may apply after that. */
const TIMEOUT_MS = 500

/** What was written to a key, as its writer knows it. */
interface Ledger {
  /** Values that the key may have in the end; undefined for none. */
  allowed: (string | undefined)[]
  /** Those of writes without an answer, since the last one that was acknowledged. */
  open: (string | undefined)[]
}

export interface OutboxLedgerFindings {
  /** Keys whose value at the origin is none of those that it may have. */
  readonly wrong: readonly string[]
  /** Keys that the service reads otherwise than the origin has them. */
  readonly differs: readonly string[]
  readonly keys: number
  /** Requests of an older version than the origin had. */
  readonly refused: number
  readonly faults: Readonly<Record<'instances' | 'redis' | 'origin', number>>
}

type Random = () => number

/**
 * Random writes over two instances with an outbox, while instances and Redis are killed and the origin is
 * away, answers late, or fails. At the end the origin has the last acknowledged write of every key.
 */
export async function runOutboxLedger(
  folder: string,
  { seconds, random }: { readonly seconds: number; readonly random: Random },
): Promise<OutboxLedgerFindings> {
  const dataFolder = mkdtempSync('/tmp/ls-')
  const origin = await startVersionedOrigin(random)
  const store = await SCENARIOS['Redis killed, AOF']!.store(path.join(dataFolder, 'redis'))
  const file = path.join(dataFolder, 'lockstep.yaml')
  writeFileSync(file, configFile(origin.url))
  const instances: Instance[] = []
  try {
    for (let i = 0; i < 2; i++) {
      instances.push(await startInstance(folder, store.url, { LOCKSTEP_CONFIG_FILE: file }))
    }
    const ends = performance.now() + seconds * 1_000
    const isOver = () => performance.now() > ends
    const ledgers = new Map<string, Ledger>()
    const faults = { instances: 0, redis: 0, origin: 0 }
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      write({ writer, instances, ledgers, isOver, random }),
    )
    const every = async (ms: number, kind: keyof typeof faults, harm: () => Promise<unknown>) => {
      for (await sleep(ms / 2); !isOver(); await sleep(ms)) {
        await harm()
        faults[kind] += 1
      }
    }
    await Promise.all([
      ...writers,
      every(2_500, 'instances', async () => {
        const instance = instances[faults.instances % 2] as Instance
        instance.kill('SIGKILL')
        await instance.start()
      }),
      every(4_000, 'redis', async () => {
        process.kill(store.pid(), 'SIGKILL')
        await until('Redis again', () => store.client().ping())
      }),
      every(700, 'origin', async () => {
        origin.mood = MOODS[Math.floor(random() * MOODS.length)] as Mood
        await sleep(300)
        origin.mood = 'good'
      }),
    ])
    return { ...(await judge(instances, origin, ledgers)), refused: origin.refused(), faults }
  } finally {
    await Promise.all(instances.map((instance) => instance.stop()))
    await store.stop()
    await origin.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

const configFile = (url: string): string =>
  stringify({
    spaces: {
      [SPACE]: {
        origin: {
          url: `${url}/{key}`,
          timeoutMs: TIMEOUT_MS,
          applyWithinMs: TIMEOUT_MS,
          write: 'behind',
          read: 'none',
          behind: { intervalMs: 50, maxAttempts: 1_000, backoff: { baseMs: 20, maxMs: 200 } },
        },
      },
    },
  })

const MOODS = ['away', 'late', 'unanswered', 'failing'] as const
type Mood = (typeof MOODS)[number] | 'good'

/** An origin that refuses what is older than what it has. */
async function startVersionedOrigin(random: Random) {
  const values = new Map<string, { version: number; value: string | undefined }>()
  let refused = 0
  function apply(method: string, key: string, version: number, body: string): boolean {
    const isNewer = version >= (values.get(key)?.version ?? 0)
    if (isNewer) values.set(key, { version, value: method === 'PUT' ? body : undefined })
    else refused += 1
    return isNewer
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    if (origin.mood === 'away') return void request.destroy()
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const key = url.slice(1)
    const version = Number(headers['lockstep-version'])
    if (origin.mood === 'failing') return void response.writeHead(500).end()
    if (origin.mood === 'late') await sleep(2 * TIMEOUT_MS * random())
    const isTaken = apply(method, key, version, body)
    if (origin.mood === 'unanswered') return void response.destroy()
    if (isTaken) return void response.writeHead(204).end()
    response.writeHead(409, { 'lockstep-version': `${values.get(key)?.version}` }).end()
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mood: 'good' as Mood,
    valueOf: (key: string) => values.get(key)?.value,
    refused: () => refused,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return origin
}

interface Writing {
  readonly writer: number
  readonly instances: readonly Instance[]
  readonly ledgers: Map<string, Ledger>
  readonly isOver: () => boolean
  readonly random: Random
}

/** Writes to keys that no other writer has, one after the other. */
async function write({ writer, instances, ledgers, isOver, random }: Writing): Promise<void> {
  for (let i = 0; !isOver(); i++) {
    const key = `${writer}-${Math.floor(random() * KEYS_PER_WRITER)}`
    const value = random() < 0.2 ? undefined : `${i}`
    const ledger = ledgers.get(key) ?? { allowed: [undefined], open: [] }
    ledgers.set(key, ledger)
    const { url } = instances[Math.floor(random() * 2)] as Instance
    const isAcknowledged = await send(url, key, value)
    if (isAcknowledged) {
      // A write whose instance was killed may still come from its connection.
      ledger.allowed = [value, ...ledger.open]
      ledger.open = []
    } else {
      ledger.allowed.push(value)
      ledger.open.push(value)
      await sleep(50)
    }
  }
}

const send = (url: string, key: string, value: string | undefined): Promise<boolean> =>
  fetch(`${url}/v1/cache/${SPACE}/${key}`, {
    method: value === undefined ? 'DELETE' : 'PUT',
    ...(value !== undefined && { body: value }),
    signal: AbortSignal.timeout(WAIT_MS),
  }).then(
    ({ ok }) => ok,
    () => false,
  )

async function judge(
  instances: readonly Instance[],
  origin: Awaited<ReturnType<typeof startVersionedOrigin>>,
  ledgers: ReadonlyMap<string, Ledger>,
) {
  const [{ url }] = instances as [Instance]
  await until('an outbox that is empty', async () => {
    const answer = await fetch(`${url}/v1/cache-spaces/${SPACE}/outbox`)
    const { pending, failed } = (await answer.json()) as Record<string, number>
    return answer.ok && pending === 0 && failed === 0
  })
  const wrong: string[] = []
  const differs: string[] = []
  for (const [key, { allowed }] of ledgers) {
    const value = origin.valueOf(key)
    if (!allowed.includes(value)) wrong.push(`${key} has ${value}, not ${allowed.join(' or ')}`)
    const read = await fetch(`${url}/v1/cache/${SPACE}/${key}`)
    const text = read.ok ? await read.text() : undefined
    if (text !== value) differs.push(`${key} reads ${text}, and has ${value}`)
  }
  return { wrong, differs, keys: ledgers.size }
}
