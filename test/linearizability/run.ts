import { setTimeout as sleep } from 'node:timers/promises'
import { startManagedRedis } from '../../src/redis/managed.js'
import { type Instance, startInstance } from '../safety/fleet.js'
import { WAIT_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { find, toolsFolder } from '../support/server-place.js'
import type { Operation } from './history.js'
import { Workload } from './workload.js'

/** An instance, and its proxy to Redis. */
interface Member {
  readonly instance: Instance
  readonly proxy: FaultProxy
}

const TROUBLES: readonly ((member: Member) => Promise<void>)[] = [
  async ({ instance }) => {
    instance.kill('SIGKILL')
    await sleep(200)
    await instance.start()
  },
  async ({ instance }) => {
    instance.kill('SIGSTOP')
    await sleep(300 + Math.random() * 1_500)
    instance.kill('SIGCONT')
  },
  async ({ proxy }) => proxy.cut(),
  async ({ proxy }) => {
    proxy.dropReplies()
    await sleep(300)
    proxy.heal()
  },
]

async function startMember(folder: string, redisUrl: string): Promise<Member> {
  const proxy = await startFaultProxy(redisUrl)
  const instance = await startInstance(folder, proxy.url, { LOCKSTEP_REDIS_TIMEOUT_MS: '500' })
  return { instance, proxy }
}

export interface Size {
  /** The least duration: the run continues until `isSeen`, up to a generous limit. */
  readonly seconds: number
  readonly isSeen: (history: readonly Operation[]) => boolean
  readonly callers: number
  readonly isCalm?: boolean
}

/** Runs two instances, with faults in one at a time unless calm. @returns what the callers know */
export async function record(
  folder: string,
  { seconds, isSeen, callers, isCalm = false }: Size,
): Promise<readonly Operation[]> {
  const redis = await startManagedRedis({ toolsFolder, find, conf: [] })
  const members: Member[] = []
  try {
    for (let i = 0; i < 2; i++) members.push(await startMember(folder, redis.url))
    const workload = new Workload(members.map(({ instance }) => instance.url))
    const end = workload.start(callers)
    const endsAt = performance.now() + seconds * 1_000
    const isOver = () => {
      const leftMs = endsAt - performance.now()
      return leftMs < -WAIT_MS || (leftMs < 0 && isSeen(workload.history))
    }
    for (let i = 0; !isOver(); i++) {
      await sleep(500)
      if (isCalm) continue
      const trouble = TROUBLES[i % TROUBLES.length] as (typeof TROUBLES)[number]
      await trouble(members[Math.floor(i / TROUBLES.length) % 2] as Member)
    }
    await end()
    return workload.history
  } finally {
    await Promise.all(members.map(({ instance }) => instance.stop()))
    await Promise.all(members.map(({ proxy }) => proxy.close()))
    await redis.stop()
  }
}
