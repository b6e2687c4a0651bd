import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/until.js'
import { type Instance, startInstances } from './fleet.js'
import type { LedgerRecord } from './ledger.js'
import { SCENARIOS, type Store } from './scenarios.js'

/** A consumer that has time. */
const PATIENT = { visibilityMs: 10_000, lateShare: 0 }

/** What a ledger is about, and what its processes do with it. */
export interface Subject<Overview, Judgement> {
  /** Of its keys. */
  readonly tag: string
  /** Keys that remain when everything is settled. */
  readonly kept: RegExp
  readonly producers: number
  /** For the processes, see ledger-worker.mjs. */
  readonly plan: object
  configure(call: Call): Promise<unknown>
  overview(call: Call): Promise<Overview>
  /** How much is not settled. */
  openOf(overview: Overview): number
  judge(records: readonly LedgerRecord[], overview: Overview): Judgement
  /** The judgement of a service that keeps its promises. */
  readonly clean: Partial<Judgement>
}

type Call = <Answer>(method: string, path: string, body?: object) => Promise<Answer>

export interface LedgerSize<Judgement> {
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

export interface LedgerFindings {
  /** Keys that should have ended with the last settlement. */
  readonly left: readonly string[]
  readonly faults: Readonly<Faults>
  readonly seconds: number
}

/** @param folder of the built service, or of a broken one */
export async function runLedger<Overview, Judgement>(
  subject: Subject<Overview, Judgement>,
  folder: string,
  size: LedgerSize<Judgement>,
): Promise<Judgement & LedgerFindings> {
  const dataFolder = mkdtempSync('/tmp/ls-')
  const store = await SCENARIOS['Redis killed, AOF']!.store(dataFolder)
  const stops = [() => store.stop()]
  try {
    const instances = await startInstances(2, folder, store.url)
    stops.unshift(() => Promise.all(instances.map((one) => one.stop())).then(() => undefined))
    const call = callerOf(instances)
    const processes = startProcesses(subject.plan, instances)
    stops.unshift(() => processes.kill())
    const began = performance.now()
    await subject.configure(call)
    for (let i = 0; i < subject.producers; i++) processes.add('producer')
    for (let i = 0; i < size.consumers; i++) processes.add('consumer')
    const trouble = startTrouble(size.faultsEveryMs, instances, store, processes)
    const judge = async () => subject.judge(processes.records, await subject.overview(call))
    await sleep(size.seconds * 1_000)
    const faults = await trouble.stop()
    // Where consumers are killed each second, a busy machine leaves none the time to be late. If it
    // never happens, the findings show that.
    if (size.isSeen) await soon('it is seen', async () => size.isSeen?.(await judge()))
    await processes.end('producer')
    const isDrained = async () => subject.openOf(await subject.overview(call)) === 0
    if (!size.isBroken) {
      // On a busy machine those that are hurried may not come to an end.
      await processes.end('consumer')
      for (let i = 0; i < size.consumers; i++) processes.add('consumer', PATIENT)
      await until('everything is settled', isDrained)
    }
    await processes.end('consumer')
    const left = size.isBroken ? [] : await keysLeft(subject, store)
    const seconds = Math.round((performance.now() - began) / 1_000)
    return { ...(await judge()), left, faults, seconds }
  } finally {
    for (const stop of stops) await stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

/** Waits for the condition for a limited time, then continues without it. */
const soon = (what: string, probe: () => Promise<boolean | undefined>) =>
  until(what, probe).catch(() => undefined)

/** Calls through the first instance that answers. */
function callerOf(instances: readonly Instance[]): Call {
  return <Answer>(method: string, path: string, body?: object) =>
    until('an answer of an instance', async () => {
      for (const { url } of instances) {
        const response = await fetch(url + path, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        }).catch(() => undefined)
        if (response?.ok) return (await response.json()) as Answer
      }
      return undefined
    })
}

type Role = 'producer' | 'consumer'

/** Producers and consumers, with what all of them reported, those that were killed included. */
function startProcesses(subject: object, instances: readonly Instance[]) {
  const records: LedgerRecord[] = []
  let started = 0
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
    add(role: Role, more: object = {}): void {
      const plan = {
        ...subject,
        role,
        name: `${role}-${started++}`,
        services: instances.map(({ url }) => url),
        loops: 6,
        waitMs: 500,
        lateShare: 0.05,
        ...more,
      }
      const child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, 'ledger-worker.mjs'), JSON.stringify(plan)],
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
  faultsEveryMs: Partial<Faults> | undefined,
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

/** Lists keys besides those that remain, and idempotency records. */
async function keysLeft(
  { tag, kept }: Pick<Subject<unknown, unknown>, 'tag' | 'kept'>,
  store: Store,
): Promise<string[]> {
  const keys = await store.client().keys(`ls:{*:${tag}}:*`)
  return keys.filter((key) => !kept.test(key))
}
