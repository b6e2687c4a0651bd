import { readFileSync } from 'node:fs'
import { startManagedRedis } from '../../src/redis/managed.js'
import { freePort, withFreePorts } from './free-port.js'
import { type Node, startNode, startSentinel } from './nodes.js'
import { find, toolsFolder } from './server-place.js'
import { until } from './until.js'

export const TOPOLOGIES = ['single', 'acl', 'sentinel', 'cluster'] as const
export type Topology = (typeof TOPOLOGIES)[number]

/** Real servers in one of the topologies of LOCKSTEP_REDIS_URL. */
export interface Servers {
  readonly url: string
  /** The URL for raw commands, if the user of `url` has few rights. */
  readonly adminUrl?: string
  /** The data servers, primaries first. */
  readonly nodes: readonly Node[]
  stop(): Promise<void>
}

export interface TopologyOptions {
  /**
   * The time after which a silent primary counts as dead. Default 30 seconds, so that a slow
   * machine causes no promotion. Tests that kill primaries set less.
   */
  readonly giveUpMs?: number
}

export function startTopology(kind: Topology, options: TopologyOptions = {}): Promise<Servers> {
  if (kind === 'sentinel') return startSentinels(options)
  if (kind === 'cluster') return startCluster(options)
  if (kind === 'acl') return startWithAcl()
  return startSingle()
}

async function startSingle(): Promise<Servers> {
  const log = (message: string) => process.stderr.write(`${message}\n`)
  const redis = await startManagedRedis({ toolsFolder, find, log })
  return { url: redis.url, nodes: [], stop: () => redis.stop() }
}

const USERS = new URL('../../deploy/redis/users.acl', import.meta.url)

/** Starts a Redis that gives the service only the rights in deploy/redis/users.acl. */
async function startWithAcl(): Promise<Servers> {
  const user = readFileSync(USERS, 'utf8')
    .split('\n')
    .find((line) => line.startsWith('user lockstep '))
    ?.replace(/#[0-9a-f]{64}/, '>secret')
  if (user === undefined) throw new Error(`${USERS} has no user lockstep`)
  const redis = await startManagedRedis({ toolsFolder, find, conf: [user] })
  const url = redis.url.replace('://', '://lockstep:secret@')
  return { url, adminUrl: redis.url, nodes: [], stop: () => redis.stop() }
}

const PRIMARY_NAME = 'lockstep'

/** Starts one primary, two replicas, and three Sentinels with a quorum of two. */
async function startSentinels({ giveUpMs = 30_000 }: TopologyOptions): Promise<Servers> {
  const fast = ['repl-diskless-sync-delay 0']
  const primary = await startNode(fast)
  const follow = [...fast, `replicaof 127.0.0.1 ${primary.port}`]
  const replicas = await Promise.all([startNode(follow), startNode(follow)])
  const nodes = [primary, ...replicas]
  await until('both replicas in step', async () =>
    /connected_slaves:2.*state=online.*state=online/s.test(
      await primary.client.info('replication'),
    ),
  )
  const watch = [
    `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primary.port} 2`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${giveUpMs}`,
    `sentinel failover-timeout ${PRIMARY_NAME} 5000`,
  ]
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(watch)))
  for (const { client } of sentinels) {
    await until('Sentinels and replicas that know each other', async () => {
      const reply = (await client.call('SENTINEL', 'CKQUORUM', PRIMARY_NAME)) as string
      const known = (await client.call('SENTINEL', 'REPLICAS', PRIMARY_NAME)) as unknown[]
      return reply.startsWith('OK 3') && known.length === 2
    })
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return {
    url: `redis+sentinel://${hosts}/${PRIMARY_NAME}`,
    nodes,
    stop: () => stopAll([...sentinels, ...nodes]),
  }
}

const SLOTS = 16_384
const PRIMARIES = 3

/** Starts three primaries with a third of the slots each, and one replica for each. */
async function startCluster({ giveUpMs = 30_000 }: TopologyOptions): Promise<Servers> {
  const nodes = await Promise.all(
    Array.from({ length: PRIMARIES * 2 }, () => startMember(giveUpMs)),
  )
  const [first] = nodes
  for (const [i, { client, bus }] of nodes.entries()) {
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
    if (i > 0) await first!.client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[i]!.port, bus)
  }
  for (let i = 0; i < PRIMARIES; i++) {
    const from = Math.ceil((SLOTS * i) / PRIMARIES)
    const to = Math.ceil((SLOTS * (i + 1)) / PRIMARIES) - 1
    await nodes[i]!.client.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
  }
  for (const { client } of nodes) await untilSaid(client, `cluster_known_nodes:${PRIMARIES * 2}`)
  for (let i = 0; i < PRIMARIES; i++) {
    const id = (await nodes[i]!.client.call('CLUSTER', 'MYID')) as string
    await until('a replica that knows its primary', () =>
      nodes[PRIMARIES + i]!.client.call('CLUSTER', 'REPLICATE', id),
    )
  }
  for (const { client } of nodes) await untilSaid(client, 'cluster_state:ok')
  for (const { client } of nodes.slice(PRIMARIES)) {
    await until('a replica in step', async () =>
      (await client.info('replication')).includes('master_link_status:up'),
    )
  }
  const hosts = nodes.slice(0, PRIMARIES).map(({ port }) => `127.0.0.1:${port}`)
  return { url: `redis+cluster://${hosts.join(',')}`, nodes, stop: () => stopAll(nodes) }
}

async function startMember(giveUpMs: number): Promise<Node & { readonly bus: number }> {
  return withFreePorts(async () => {
    // The default bus port, port + 10000, is not known to be free.
    const bus = await freePort()
    const node = await startNode([
      'cluster-enabled yes',
      `cluster-port ${bus}`,
      `cluster-node-timeout ${giveUpMs}`,
      'repl-diskless-sync-delay 0',
    ])
    return { ...node, bus }
  })
}

const untilSaid = (client: Node['client'], line: string) =>
  until(line, async () => ((await client.call('CLUSTER', 'INFO')) as string).includes(line))

async function stopAll(nodes: readonly Node[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()))
}
