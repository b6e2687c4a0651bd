import { mkdtempSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/until.js'
import {
  type Fault,
  findOverlaps,
  findOvertaken,
  findShrunkFences,
  findTwice,
  lostUpdates,
  type Register,
} from './checkers.js'
import { monotonic, startInstances, startResource, startWorker, type Worker } from './fleet.js'
import { SCENARIOS, type Store } from './scenarios.js'

const TTL_MS = 1_000
const LOCKS = [
  { path: 'locks/a', body: {}, weight: 1, capacity: 1, protects: true },
  { path: 'locks/b', body: {}, weight: 1, capacity: 1, protects: true },
  { path: 'locks/rw', body: {}, weight: 1_000, capacity: 1_000 },
  { path: 'locks/rw', body: { mode: 'shared' }, weight: 1, capacity: 1_000 },
  { path: 'semaphores/s', body: { permits: 1, capacity: 3 }, weight: 1, capacity: 3 },
  { path: 'semaphores/s', body: { permits: 2, capacity: 3 }, weight: 2, capacity: 3 },
]

export interface Size {
  /** The least duration: the run continues until `isSeen`, up to a generous limit. */
  readonly seconds: number
  /** For a finding that depends on chance: whether the run has found it. */
  readonly isSeen?: (soFar: Seen) => boolean
  readonly instances: number
  readonly workers: number
  readonly loops: number
}

/** The counts of a run so far. */
export interface Seen {
  readonly overlaps: number
  readonly shrunkFences: number
  readonly fencedLost: number
  readonly overtaken: number
  readonly twice: number
  readonly plainLost: number
  readonly leases: number
  readonly pauses: number
  /** Writes and reads that the fenced register refused. */
  readonly refused: number
  /** Leases granted while a client still held one that Redis had lost. */
  readonly afterLoss: number
}

/** The findings of one run. */
export interface Findings extends Seen {
  readonly left: readonly string[]
  readonly seconds: number
}

/** The findings of a service that keeps its promises. */
export const CLEAN = {
  overlaps: 0,
  shrunkFences: 0,
  fencedLost: 0,
  overtaken: 0,
  twice: 0,
  left: [],
} satisfies Partial<Findings>

/** @param folder of the built service, or of a broken one */
export async function runScenario(name: string, folder: string, size: Size): Promise<Findings> {
  const scenario = SCENARIOS[name]!
  const dataFolder = mkdtempSync('/tmp/ls-')
  /** What runs, the last one that was started first. */
  const running: { stop(): Promise<void> }[] = []
  const faults: Fault[] = []
  try {
    const store = await scenario.store(dataFolder)
    running.unshift(store)
    const resource = await startResource()
    running.unshift(resource)
    const instances = await startInstances(size.instances, folder, store.url)
    running.unshift(...instances)
    const plan = {
      services: instances.map(({ url }) => url),
      resource: resource.url,
      locks: LOCKS,
      ttlMs: TTL_MS,
      waitMs: 10_000,
      loops: size.loops,
      pauseShare: scenario.pauseShare ?? 0,
      repeatShare: 0.2,
    }
    const began = monotonic()
    const workers = Array.from({ length: size.workers }, () => startWorker(plan, TTL_MS * 1.7))
    running.unshift(...workers)
    let over = false
    const trouble = scenario.trouble?.({ instances, store, faults, over: () => over })
    const seconds = Math.max(size.seconds, scenario.seconds ?? 0)
    const look = async () => judge(workers, faults, await resource.registers())
    await sleep(seconds * 1_000)
    // If it never happens, the findings show that.
    if (size.isSeen) await soon('it is seen', async () => size.isSeen?.(await look()))
    over = true
    await trouble
    await Promise.all(workers.map((worker) => worker.stop()))
    const left = await keysLeft(store)
    return { ...(await look()), left, seconds: Math.round((monotonic() - began) / 1e6) }
  } finally {
    for (const one of running) await one.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

function judge(
  workers: readonly Worker[],
  faults: readonly Fault[],
  registers: readonly Register[],
): Seen {
  const leases = workers.flatMap((worker) => worker.leases)
  const forgets = faults.some((fault) => fault.forgets)
  return {
    ...findOverlaps(leases, faults),
    shrunkFences: findShrunkFences(leases),
    overtaken: findOvertaken(leases, faults),
    // A Redis that loses leases loses idempotency records.
    twice: forgets ? 0 : findTwice(leases),
    ...lostUpdates(registers),
    leases: leases.length,
    pauses: workers.reduce((sum, worker) => sum + worker.paused(), 0),
  }
}

/** Keys of a bucket, and keys with a TTL: idempotency records, ended leases, abandon marks. */
const FIXED =
  /^ls:(layout|locks:.*|\{[^}]*\}:(fence|suspects|guard|swept|idempotency:.*|ended:.*|abandoned:.*))$/

/** Waits for the condition for a limited time, then continues without it. */
const soon = (what: string, probe: () => Promise<boolean | undefined>) =>
  until(what, probe).catch(() => undefined)

/** Lists keys that remain after the load, or that never expire. */
async function keysLeft(store: Store): Promise<string[]> {
  const look = async () => {
    const keys = await store.client().keys('ls:{*')
    const ttls = await Promise.all(keys.map((key) => store.client().ttl(key)))
    return keys
      .map((key, i) => ({ key, ttl: ttls[i] as number }))
      .filter(({ key, ttl }) => !FIXED.test(key) || ttl === -1)
      .map(({ key, ttl }) => `${key} for ${ttl} s`)
  }
  let left: string[] = []
  await soon('quiet', async () => {
    left = await look()
    return left.length === 0
  })
  // Looked at once: a request whose client is gone may still come, and takes its lease back itself.
  return left
}
