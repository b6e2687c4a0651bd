import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startManagedRedis } from '../../src/redis/managed.js'
import type { Node } from '../support/nodes.js'
import { find, toolsFolder } from '../support/server-place.js'
import { startTopology } from '../support/topology.js'
import { until } from '../support/until.js'
import type { Fault } from './checkers.js'
import { type Instance, monotonic } from './fleet.js'

/** The Redis of one run. */
export interface Store {
  readonly url: string
  /** The server that takes writes now. */
  client(): Redis
  pid(): number
  readonly nodes: readonly Node[]
  stop(): Promise<void>
}

export interface Scenario {
  readonly store: (folder: string) => Promise<Store>
  /** Injects faults repeatedly until the signal. */
  readonly trouble?: (run: Trouble) => Promise<void>
  readonly pauseShare?: number
  /** The scenario acts once, and takes at least this long. */
  readonly seconds?: number
}

export interface Trouble {
  readonly instances: readonly Instance[]
  readonly store: Store
  readonly faults: Fault[]
  readonly over: () => boolean
}

/** Grants to a stopped instance expire after 2 s, and its waiters are back one heartbeat later. */
const AFTERMATH_US = 4_000_000

async function single(conf: readonly string[], dataFolder?: string): Promise<Store> {
  const redis = await startManagedRedis({ toolsFolder, find, conf, dataFolder })
  const client = new Redis(redis.url.replace('unix://', ''))
  client.on('error', () => undefined)
  const stop = async () => {
    client.disconnect()
    await redis.stop()
  }
  return { url: redis.url, client: () => client, pid: redis.pid, nodes: [], stop }
}

async function sentinel(): Promise<Store> {
  const servers = await startTopology('sentinel', { giveUpMs: 1_500 })
  const [primary, ...replicas] = servers.nodes
  let current = primary!
  for (const node of replicas) {
    node.client.on('error', () => undefined)
    void until(
      'a promotion',
      async () => ((await node.client.role()) as unknown[])[0] === 'master',
      300_000,
    ).then(
      () => (current = node),
      () => undefined,
    )
  }
  return {
    url: servers.url,
    client: () => current.client,
    pid: () => current.pid(),
    nodes: servers.nodes,
    stop: () => servers.stop(),
  }
}

/** The sum of the last fences: each grant raises it by at least one. */
async function fences({ client }: Node): Promise<number> {
  const keys = await client.keys('ls:{*}:fence')
  const values = keys.length > 0 ? await client.mget(keys) : []
  return values.reduce((sum, value) => sum + Number(value), 0)
}

/** Every 2 s, disturbs the next instance for `forMs`. */
async function eachInTurn(
  { instances, faults, over }: Trouble,
  forMs: number,
  harm: (instance: Instance) => void,
  mend: (instance: Instance) => Promise<void> | void,
): Promise<void> {
  for (let i = 0; !over(); i++) {
    const instance = instances[i % instances.length]!
    const from = monotonic()
    harm(instance)
    await sleep(forMs)
    await mend(instance)
    faults.push({ from, to: monotonic() + AFTERMATH_US, service: instance.url })
    await sleep(1_500)
  }
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  calm: { store: () => single([]) },
  'holders paused': { store: () => single([]), pauseShare: 0.2 },
  'instances killed': {
    store: () => single([]),
    trouble: (run) =>
      eachInTurn(
        run,
        500,
        (instance) => instance.kill('SIGKILL'),
        (instance) => instance.start(),
      ),
  },
  'instances stopped': {
    store: () => single([]),
    trouble: (run) =>
      eachInTurn(
        run,
        3_500,
        (instance) => instance.kill('SIGSTOP'),
        (instance) => instance.kill('SIGCONT'),
      ),
  },
  'Redis stopped': {
    store: () => single([]),
    async trouble({ store, faults, over }) {
      while (!over()) {
        const from = monotonic()
        process.kill(store.pid(), 'SIGSTOP')
        await sleep(4_000)
        process.kill(store.pid(), 'SIGCONT')
        faults.push({ from, to: monotonic() + AFTERMATH_US })
        await sleep(2_500)
      }
    },
  },
  'Redis killed, AOF': {
    store: (folder) => single([], folder),
    async trouble({ store, faults, over }) {
      while (!over()) {
        await sleep(2_000)
        const from = monotonic()
        process.kill(store.pid(), 'SIGKILL')
        await until('Redis again', () => store.client().ping())
        faults.push({ from, to: monotonic() + AFTERMATH_US })
        await sleep(1_000)
      }
    },
  },
  'Redis emptied': {
    store: () => single([]),
    async trouble({ store, faults, over }) {
      while (!over()) {
        await sleep(1_500)
        const from = monotonic()
        await store.client().flushall()
        faults.push({ from, to: monotonic() + AFTERMATH_US, forgets: true })
      }
    },
  },
  'replica promoted': {
    store: sentinel,
    seconds: 20,
    async trouble({ store, faults }) {
      const [primary, ...replicas] = store.nodes as [Node, ...Node[]]
      await sleep(1_500)
      const from = monotonic()
      // The replicas cannot reconnect, so later writes are lost with the primary.
      await primary.client.config('SET', 'requirepass', 'cut')
      await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica')
      const before = await fences(primary)
      await sleep(1_000)
      await until(
        'grants that no replica hears of',
        async () => (await fences(primary)) > before + 20,
      )
      process.kill(primary.pid(), 'SIGKILL')
      const isPrimary = async ({ client }: Node) =>
        ((await client.role()) as unknown[])[0] === 'master'
      await until('a promotion', async () =>
        (await Promise.all(replicas.map(isPrimary))).some(Boolean),
      )
      // Until an instance has found the new primary, other waiters may overtake its own.
      faults.push({ from, to: monotonic() + 3 * AFTERMATH_US, forgets: true })
    },
  },
}
