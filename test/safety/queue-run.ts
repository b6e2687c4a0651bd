import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/until.js'
import { type Instance, startInstance } from './fleet.js'
import {
  type Judgement,
  judgeLedger,
  type LedgerRecord,
  type Overview,
  openOf,
} from './queue-ledger.js'
import { SCENARIOS, type Store } from './scenarios.js'

const QUEUE = 'ledger'
const VISIBILITY_MS = 1_000
const SETTINGS = {
  visibilityMs: VISIBILITY_MS,
  maxFailures: 0,
  backoff: { baseMs: 10, maxMs: 100 },
}

export interface QueueRunSize {
  /** The least duration: the run continues until `isSeen`, up to a generous limit. */
  readonly seconds: number
  readonly isSeen?: (soFar: Judgement) => boolean
  /** What a broken service has lost is not waited for. */
  readonly isBroken?: boolean
  readonly consumers: number
  /** How often each kind of fault happens; never by default. */
  readonly faultsEveryMs?: Partial<Faults>
}

/** Consumers killed, instances killed, Redis killed, subscriptions cut. */
interface Faults {
  consumers: number
  instances: number
  redis: number
  subscribers: number
}

export interface QueueFindings extends Judgement {
  /** Messages that remain, and keys besides the last id and idempotency records. */
  readonly left: readonly string[]
  readonly faults: Readonly<Faults>
  readonly seconds: number
}

/** The findings of a service that keeps its promises. */
export const CLEAN_LEDGER = {
  lost: 0,
  invented: 0,
  unexplained: 0,
  disordered: 0,
  together: 0,
  staleApplied: 0,
  left: [],
} satisfies Partial<QueueFindings>

/** @param folder of the built service, or of a broken one */
export async function runLedger(folder: string, size: QueueRunSize): Promise<QueueFindings> {
  const dataFolder = mkdtempSync('/tmp/ls-')
  const store = await SCENARIOS['Redis killed, AOF']!.store(dataFolder)
  const instances = await Promise.all([
    startInstance(folder, store.url),
    startInstance(folder, store.url),
  ])
  const queue = queueOf(instances)
  const processes = startProcesses(instances)
  const began = performance.now()
  try {
    await queue.configure()
    processes.add('producer')
    for (let i = 0; i < size.consumers; i++) processes.add('consumer')
    const trouble = startTrouble(size, instances, store, processes)
    const judge = async () => judgeLedger(processes.records, await queue.overview())
    await sleep(size.seconds * 1_000)
    // If it never happens, the findings show that.
    if (size.isSeen) await soon('it is seen', async () => size.isSeen?.(await judge()))
    const faults = await trouble.stop()
    await processes.end('producer')
    const isDrained = async () => openOf(await queue.overview()) === 0
    if (!size.isBroken) await until('every message is settled', isDrained)
    await processes.end('consumer')
    const left = size.isBroken ? [] : await keysLeft(store)
    const seconds = Math.round((performance.now() - began) / 1_000)
    return { ...(await judge()), left, faults, seconds }
  } finally {
    await processes.kill()
    await Promise.all(instances.map((one) => one.stop()))
    await store.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

/** Waits for the condition for a limited time, then continues without it. */
const soon = (what: string, probe: () => Promise<boolean | undefined>) =>
  until(what, probe).catch(() => undefined)

/** The queue as an operator sees it, through the first instance that answers. */
function queueOf(instances: readonly Instance[]) {
  const call = (method: string, body?: object): Promise<Overview> =>
    until('an answer of an instance', async () => {
      for (const { url } of instances) {
        const response = await fetch(`${url}/v1/queues/${QUEUE}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        }).catch(() => undefined)
        if (response?.ok) return (await response.json()) as Overview
      }
      return undefined
    })
  return {
    configure: () => call('PUT', SETTINGS),
    overview: () => call('GET'),
  }
}

type Role = 'producer' | 'consumer'

/** The producer and the consumers, with what all of them reported, those that were killed included. */
function startProcesses(instances: readonly Instance[]) {
  const records: LedgerRecord[] = []
  const alive: { readonly role: Role; readonly child: ChildProcess }[] = []

  const end = (one: (typeof alive)[number], signal: NodeJS.Signals): Promise<void> => {
    alive.splice(alive.indexOf(one), 1)
    return new Promise((resolve) => {
      // At `exit` the last lines may still be in the pipe.
      one.child.once('close', () => resolve())
      one.child.kill(signal)
    })
  }
  const of = (role: Role) => alive.filter((one) => one.role === role)

  return {
    records,
    add(role: Role): void {
      const plan = {
        role,
        services: instances.map(({ url }) => url),
        queue: QUEUE,
        groups: 4,
        loops: 6,
        visibilityMs: VISIBILITY_MS,
        waitMs: 500,
        lateShare: 0.05,
      }
      const child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, 'queue-worker.mjs'), JSON.stringify(plan)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      createInterface({ input: child.stdout }).on('line', (line) => {
        // A killed process may leave half a line: what it began to report was not settled.
        if (line.endsWith('}')) records.push(JSON.parse(line) as LedgerRecord)
      })
      alive.push({ role, child })
    },
    /** SIGKILLs the consumer that has lived longest. */
    killConsumer: () => end(of('consumer')[0]!, 'SIGKILL'),
    /** Ends all of them after their requests in flight. */
    end: async (role: Role) => void (await Promise.all(of(role).map((one) => end(one, 'SIGTERM')))),
    kill: async () => void (await Promise.all([...alive].map((one) => end(one, 'SIGKILL')))),
  }
}

/** Injects the faults of a run, each at its own pace. */
function startTrouble(
  { faultsEveryMs }: QueueRunSize,
  instances: readonly Instance[],
  store: Store,
  processes: ReturnType<typeof startProcesses>,
) {
  const stopped = new AbortController()
  const faults: Faults = { consumers: 0, instances: 0, redis: 0, subscribers: 0 }
  const every = async (kind: keyof Faults, harm: (count: number) => Promise<unknown>) => {
    const ms = faultsEveryMs?.[kind]
    while (ms !== undefined) {
      await sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined)
      if (stopped.signal.aborted) return
      await harm(faults[kind])
      faults[kind] += 1
    }
  }
  const all = Promise.all([
    every('consumers', async () => {
      await processes.killConsumer()
      processes.add('consumer')
    }),
    every('instances', async (count) => {
      const instance = instances[count % instances.length]!
      instance.kill('SIGKILL')
      await instance.start()
    }),
    every('redis', async () => {
      process.kill(store.pid(), 'SIGKILL')
      await until('Redis again', () => store.client().ping())
    }),
    every('subscribers', () =>
      store
        .client()
        .call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        .catch(() => undefined),
    ),
  ])
  return {
    async stop(): Promise<Faults> {
      stopped.abort()
      await all
      return faults
    },
  }
}

/** Lists keys of the queue besides its last id, idempotency records and what ends by itself. */
async function keysLeft(store: Store): Promise<string[]> {
  const keys = await store.client().keys(`ls:{*:q:${QUEUE}}:*`)
  return keys.filter((key) => !/:(stat|waiting|guard|record:.*)$/.test(key))
}
