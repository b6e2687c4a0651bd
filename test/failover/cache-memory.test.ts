import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { type Harness, startHarness } from '../support/harness.js'
import type { Node } from '../support/nodes.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'
import { moveSlots } from './slots.js'

const SPACES = 'spaces: { mem: { ttlMs: 600000, jitter: 0, l1: { ttlMs: 600000, outageMs: 0 } } }'
const KEYS = Array.from({ length: 24 }, (_, i) => `key-${i}`)
/** The staleness bound that docs/cache.md promises. */
const BOUND_MS = 1_000

let servers: Servers
let here: Harness
let there: Harness

beforeAll(async () => {
  servers = await startTopology('cluster', { giveUpMs: 1_500 })
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: '500', LOCKSTEP_CACHE_READ_TIMEOUT_MS: '500' }
  const options = { configFile: SPACES, redisUrl: servers.url, environment }
  here = await startHarness(options)
  there = await startHarness(options)
})
afterAll(async () => {
  await Promise.all([here.close(), there.close()])
  await servers.stop()
})

const ask = (harness: Harness, method: 'get' | 'put', key: string) =>
  harness.request(method, `/v1/cache/mem/${key}`).set('lockstep-namespace', here.namespace)

interface Floor {
  readonly version: number
  readonly at: number
}

/** A writer of growing versions, and a reader with an L1 that records violations. */
class Story {
  readonly violations: string[] = []
  fromMemory = 0
  writes = 0
  #version = 0
  #acknowledged = new Map<string, Floor[]>()
  #stopped = false
  readonly #loops: Promise<unknown>[]

  constructor() {
    this.#loops = [this.#loop(() => this.#write()), this.#loop(() => this.#read())]
  }

  async end(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  /** Drops the floors: a promotion may lose writes that were acknowledged just before it. */
  forget(): void {
    this.#acknowledged = new Map()
  }

  async #loop(step: () => Promise<void>): Promise<void> {
    while (!this.#stopped) await step().catch(() => undefined)
  }

  /** Writes slowly enough that entries stay in L1. */
  async #write(): Promise<void> {
    await sleep(15)
    const version = ++this.#version
    const key = KEYS[version % KEYS.length] as string
    const known = this.#acknowledged
    const { status } = await ask(here, 'put', key).type('text/plain').send(String(version))
    if (status >= 300) return
    this.writes += 1
    const floors = known.get(key) ?? []
    floors.push({ version, at: performance.now() })
    known.set(key, floors)
  }

  async #read(): Promise<void> {
    for (const key of KEYS) {
      const due = performance.now() - BOUND_MS
      const floor = this.#acknowledged.get(key)?.findLast(({ at }) => at <= due)?.version ?? 0
      const { status, text, headers } = await ask(there, 'get', key)
      if (status !== 200) continue
      if (headers['cache-status']?.includes('L1')) this.fromMemory += 1
      const isDue = this.#acknowledged.has(key) && Number(text) < floor
      if (isDue) this.violations.push(`${key}: ${text} where ${floor} was due`)
    }
  }
}

/** Waits until L1 serves every key again, so the instance receives messages again. */
const isHeard = () =>
  until('all keys in memory', async () => {
    const answers = await Promise.all(KEYS.map((key) => ask(there, 'get', key)))
    return answers.every(({ headers }) => headers['cache-status']?.includes('L1'))
  })

/** Expects no read beyond the bound during `harm` and until L1 serves values again. */
async function staysCoherent(harm: (story: Story) => Promise<void>) {
  for (const key of KEYS) await until(key, async () => (await ask(here, 'put', key)).status < 300)
  await isHeard()
  const story = new Story()
  try {
    await harm(story)
    const since = { fromMemory: story.fromMemory, writes: story.writes }
    // Long enough that an instance without messages would exceed the bound.
    const seen = () =>
      story.fromMemory > since.fromMemory + 200 && story.writes > since.writes + 8 * KEYS.length
    await until('writes, and reads from memory', seen, 3 * WAIT_MS)
  } finally {
    await story.end()
  }
  expect(story.violations).toEqual([])
  await isHeard()
}

const isPrimary = async ({ client }: Node) => (await client.role())[0] === 'master'

it('follows the slots of a Cluster that are moved', () =>
  staysCoherent(async () => {
    const [from, to] = servers.nodes as [Node, Node]
    await moveSlots(from, to, servers.nodes.slice(0, 3))
  }))

it('follows a promotion', () =>
  staysCoherent(async (story) => {
    process.kill(servers.nodes[1]!.pid(), 'SIGKILL')
    const replicas = servers.nodes.slice(3)
    const promoted = async () => (await Promise.all(replicas.map(isPrimary))).some(Boolean)
    await until('a promotion', promoted)
    await until('writes again', async () => (await ask(here, 'put', 'key-0')).status < 300)
    story.forget()
  }))
