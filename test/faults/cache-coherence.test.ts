import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { connect, start } from '../support/managed.js'
import { type Service, startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

/** docs/cache.md: no process serves an old value longer than this after an acknowledged change. */
const BOUND_MS = 1_000
const BUSY = Array.from({ length: 6 }, (_, i) => `busy-${i}`)
/** Changed only every few seconds, so that no later message repairs a lost one soon. */
const RARE = Array.from({ length: 12 }, (_, i) => `rare-${i}`)
const KEYS = [...BUSY, ...RARE]

interface Process {
  readonly service: Service
  readonly url: string
  readonly proxy: FaultProxy
}

/** Per key and change: the lowest version that readers may see, and since when. */
class Floors {
  readonly #byKey = new Map<string, { below: number; since: number }[]>()
  /** Versions whose write got no answer: Redis may apply one at any later time. */
  readonly #unknown = new Set<number>()

  /** Records a change that was acknowledged now. */
  raise(key: string, below: number): void {
    const list = this.#byKey.get(key) ?? []
    list.push({ below, since: performance.now() })
    this.#byKey.set(key, list)
  }

  doubt(version: number): void {
    this.#unknown.add(version)
  }

  isInDoubt(version: number): boolean {
    return this.#unknown.has(version)
  }

  /** The lowest version that a request sent at this moment may see. */
  at(key: string, moment: number): number {
    return (this.#byKey.get(key) ?? []).reduce(
      (floor, { below, since }) => (since <= moment ? Math.max(floor, below) : floor),
      0,
    )
  }
}

interface Seen {
  readonly violations: string[]
  fromMemory: number
  fromRedis: number
  /** Reads that were older than the last acknowledged change. */
  behind: number
  worstBehindMs: number
}

const at = (url: string, key: string) => `${url}/v1/cache/mem/${key}`
const request = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, signal: AbortSignal.timeout(WAIT_MS) })

async function startProcess(redisUrl: string, configFile: string): Promise<Process> {
  const proxy = await startFaultProxy(redisUrl)
  onTestFinished(() => proxy.close())
  const service = await startService({
    LOCKSTEP_REDIS_URL: proxy.url,
    LOCKSTEP_CONFIG_FILE: configFile,
    // The ping must detect silence long before the connection times out.
    LOCKSTEP_REDIS_TIMEOUT_MS: '1500',
  })
  return { service, proxy, url: await service.url() }
}

/** At most this many requests wait for one process, for example while it is stopped. */
const MOST_UNDER_WAY = 64

/** Reads until the end, and checks each answer. Sends new requests while others wait. */
async function readOn({ url }: Process, floors: Floors, seen: Seen, isOver: () => boolean) {
  const underWay = new Set<Promise<void>>()
  for (let i = 0; !isOver(); i += 1) {
    if (underWay.size < MOST_UNDER_WAY) {
      const read = readOnce(url, KEYS[i % KEYS.length] as string, floors, seen)
      underWay.add(read)
      void read.finally(() => underWay.delete(read))
    }
    await sleep(16)
  }
  await Promise.all(underWay)
}

async function readOnce(url: string, key: string, floors: Floors, seen: Seen): Promise<void> {
  const sentAt = performance.now()
  const answer = await request(at(url, key)).catch(() => undefined)
  const how = answer?.headers.get('cache-status') ?? ''
  const text = (await answer?.text()) ?? ''
  // The bound does not apply to degraded answers.
  if (answer?.status !== 200 || how.includes('degraded')) return
  judge(Number(text), key, sentAt, floors, seen)
  if (how.includes('L1')) seen.fromMemory += 1
  else seen.fromRedis += 1
}

function judge(version: number, key: string, sentAt: number, floors: Floors, seen: Seen): void {
  if (floors.isInDoubt(version)) return
  const required = floors.at(key, sentAt - BOUND_MS)
  if (version < required) seen.violations.push(`${key}: ${version} where ${required} was due`)
  if (version >= floors.at(key, sentAt)) return
  seen.behind += 1
  let ms = 0
  while (version < floors.at(key, sentAt - ms)) ms += 1
  seen.worstBehindMs = Math.max(seen.worstBehindMs, ms)
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Returns whether the service acknowledged the request. */
const ask = (url: string, init: RequestInit): Promise<boolean> =>
  request(url, init).then(
    ({ ok }) => ok,
    () => false,
  )

/**
 * Writes growing versions; an acknowledged write raises the floor. Most writes go through a process
 * without faults, so that the others depend on messages. No write goes through the process that is
 * stopped: it would apply the write later, over newer ones.
 */
async function writeOn(
  writer: Process,
  reader: Process,
  floors: Floors,
  isOver: () => boolean,
): Promise<void> {
  let version = 0
  for (let i = 0; !isOver(); i += 1) {
    const { url } = i % 4 === 1 ? reader : writer
    version += 1
    const rare = i % 30 === 0
    const key = (rare ? RARE[(i / 30) % RARE.length] : BUSY[i % BUSY.length]) as string
    const change = rare ? 0 : i % 7
    if (change === 6) {
      const body = JSON.stringify({ tags: ['busy'], mode: 'hard' })
      if (
        await ask(`${url}/v1/cache/mem/invalidate`, { method: 'POST', body, headers: JSON_TYPE })
      ) {
        for (const each of BUSY) floors.raise(each, version)
      }
    } else {
      if (change === 5 && (await ask(at(url, key), { method: 'DELETE' }))) {
        floors.raise(key, version)
      }
      version += 1
      const headers = rare ? {} : { 'surrogate-key': 'busy' }
      if (await ask(at(url, key), { method: 'PUT', body: String(version), headers })) {
        floors.raise(key, version)
      } else floors.doubt(version)
    }
    await sleep(16)
  }
}

it('never shows a reader a value older than an acknowledged change, beyond the bound', async () => {
  const folder = mkdtempSync(path.join('/tmp', 'ls-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const configFile = path.join(folder, 'lockstep.yaml')
  writeFileSync(configFile, 'spaces: { mem: { ttlMs: 60000, staleMs: 60000, l1: {} } }')
  const redis = await start({
    dataFolder: tempFolder(),
    conf: ['appendonly no'],
  })
  const admin = await connect(redis)
  const processes = await Promise.all(
    Array.from({ length: 4 }, () => startProcess(redis.url, configFile)),
  )
  const [first, second, third, writer] = processes as [Process, Process, Process, Process]
  const readers = [first, second, third]
  const floors = new Floors()
  const seen: Seen = { violations: [], fromMemory: 0, fromRedis: 0, behind: 0, worstBehindMs: 0 }
  let over = false
  const isOver = () => over
  const work = [
    writeOn(writer, first, floors, isOver),
    ...readers.map((each) => readOn(each, floors, seen, isOver)),
  ]
  const untilServing = (least = seen.fromMemory + 200) =>
    until('memory that serves', () => seen.fromMemory >= least)

  await untilServing()
  // The kill below restores the state of this snapshot.
  await admin.save()

  first.proxy.cut()
  await sleep(300)
  second.proxy.freeze()
  await sleep(2_500)
  second.proxy.heal()
  third.service.child.kill('SIGSTOP')
  await sleep(1_500)
  third.service.child.kill('SIGCONT')
  await untilServing()

  const { pid } = redis
  const before = pid()
  process.kill(before, 'SIGKILL')
  await until('Redis again', async () => pid() !== before && (await admin.ping()))
  for (const { proxy } of readers) proxy.delay(20)
  first.proxy.freeze()
  await sleep(1_200)
  first.proxy.heal()
  for (const { proxy } of readers) proxy.delay(0)
  await untilServing()

  over = true
  await Promise.all(work)
  const { violations, ...counts } = seen
  console.info('coherence', JSON.stringify(counts))
  expect(violations).toEqual([])
  expect(counts.fromMemory).toBeGreaterThanOrEqual(600)
})
