import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startManagedRedis } from '../../src/redis/managed.js'
import { type Instance, startInstance } from '../safety/fleet.js'
import { WAIT_MS } from '../support/bounds.js'
import { find, toolsFolder } from '../support/server-place.js'
import { until } from '../support/until.js'
import { type Findings, judge } from './checkers.js'
import { History } from './history.js'
import { CONFIG_FILE, lifeOf, Workload } from './workload.js'

type Trouble = Pick<Caches, 'instances' | 'client' | 'redisPid'> & {
  readonly isOver: () => boolean
  /** Waits until an instance has served from memory: between two faults a slow machine might never. */
  readonly healed: () => Promise<void>
}

async function killPubSub({ client, isOver, healed }: Trouble): Promise<void> {
  while (!isOver()) {
    await sleep(400)
    await healed()
    // While Redis restarts it has no connection to kill.
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub').catch(() => undefined)
  }
}

async function stopInstances({ instances, isOver, healed }: Trouble): Promise<void> {
  for (let i = 0; !isOver(); i++) {
    const instance = instances[i % instances.length] as Instance
    instance.kill('SIGSTOP')
    await sleep(200 + (i % 4) * 600)
    instance.kill('SIGCONT')
    await sleep(700)
    await healed()
  }
}

async function restartRedis({ client, redisPid, isOver, healed }: Trouble): Promise<void> {
  while (!isOver()) {
    await sleep(3_000)
    await healed()
    process.kill(redisPid(), 'SIGKILL')
    await until('Redis again', () => client.ping())
  }
}

export const SCENARIOS: Readonly<Record<string, readonly ((trouble: Trouble) => Promise<void>)[]>> =
  {
    'no trouble': [],
    'subscribers killed': [killPubSub],
    'instances stopped': [stopInstances],
    'Redis killed': [restartRedis],
    'all of it': [killPubSub, stopInstances, restartRedis],
  }

export interface Size {
  /** The least duration: the run continues until `isSeen`, up to a generous limit. */
  readonly seconds: number
  readonly isSeen: (soFar: Findings) => boolean
}

export interface Caches {
  readonly instances: readonly Instance[]
  readonly client: Redis
  readonly redisPid: () => number
  stop(): Promise<void>
}

/** Starts instances with an L1, on a Redis with an append-only file. */
export async function startCaches(folder: string, count: number): Promise<Caches> {
  const place = mkdtempSync('/tmp/ls-')
  const file = path.join(place, 'lockstep.yaml')
  writeFileSync(file, CONFIG_FILE)
  const redis = await startManagedRedis({
    toolsFolder,
    find,
    dataFolder: path.join(place, 'redis'),
  })
  const client = new Redis(redis.url.replace('unix://', ''))
  client.on('error', () => undefined)
  const instances: Instance[] = []
  const stop = async () => {
    await Promise.all(instances.map((instance) => instance.stop()))
    client.disconnect()
    await redis.stop()
    rmSync(place, { recursive: true, force: true })
  }
  try {
    for (let i = 0; i < count; i++) {
      instances.push(await startInstance(folder, redis.url, { LOCKSTEP_CONFIG_FILE: file }))
    }
    return { instances, client, redisPid: redis.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs one scenario under reads and changes through three instances. */
export async function run(scenario: string, folder: string, size: Size): Promise<Findings> {
  const caches = await startCaches(folder, 3)
  try {
    const history = new History()
    const urls = caches.instances.map(({ url }) => url)
    const end = new Workload(urls, history).start()
    let isOver = false
    const healed = async () => {
      const from = history.reads.length
      const isServed = () => history.reads.slice(from).some(({ fromMemory }) => fromMemory)
      // A broken service may never serve from memory.
      await until('a read from memory', () => isOver || isServed(), WAIT_MS).catch(() => undefined)
    }
    const trouble = { ...caches, isOver: () => isOver, healed }
    const troubles = (SCENARIOS[scenario] ?? []).map((one) => one(trouble))
    await sleep(size.seconds * 1_000)
    // If it never happens, the findings show that.
    const isSeen = () => size.isSeen(judge(history, lifeOf))
    await until('it is seen', isSeen, 3 * WAIT_MS).catch(() => undefined)
    isOver = true
    await Promise.all(troubles)
    await end()
    return judge(history, lifeOf)
  } finally {
    await caches.stop()
  }
}
