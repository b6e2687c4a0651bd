import { Cluster } from 'ioredis'
import type { Connection } from './connection.js'
import { type Layout, layoutOf, type Part } from './layout.js'

/** The layout of this Redis, as JSON. It never expires: every key depends on it. */
const KEY = 'ls:layout'

/** This instance must not use this Redis; the message tells its operator why. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError'
}

/**
 * Stores the layout in an empty Redis and compares it otherwise, so that two instances never look
 * for one lock under two keys.
 * @throws LayoutError if another layout filled this Redis, or its URL names a Cluster node as a
 *   single server; any other error if Redis could not be asked
 */
export async function checkLayout(
  { client }: Pick<Connection, 'client'>,
  part: Part,
): Promise<void> {
  const ours = layoutOf({ client }, part)
  try {
    // Read first: a replica cannot be written to, and has the record already.
    const there = (await client.get(KEY)) ?? (await record(client, JSON.stringify(ours)))
    if (there !== JSON.stringify(ours)) throw new LayoutError(explain(ours, there))
    if (!(client instanceof Cluster) && (await isClusterNode(client))) throw namedAsSingle()
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('MOVED')) throw namedAsSingle()
    throw error
  }
}

/** @returns the stored layout: another instance may have been first. */
async function record(client: Connection['client'], layout: string): Promise<string | null> {
  const written = await client.set(KEY, layout, 'NX')
  return written === 'OK' ? layout : client.get(KEY)
}

/** An ACL may forbid INFO; then MOVED shows it, once a key is on another node. */
const isClusterNode = (client: Exclude<Connection['client'], Cluster>): Promise<boolean> =>
  client.info('cluster').then(
    (text) => text.includes('cluster_enabled:1'),
    () => false,
  )

const namedAsSingle = () =>
  new LayoutError(
    'This Redis is a node of a Cluster. Name it as redis+cluster://host:port,host:port.',
  )

function explain(ours: Layout, there: string | null): string {
  const [, version] = /"version":(\d+)/.exec(there ?? '') ?? []
  if (version !== undefined && Number(version) !== ours.version) {
    const age = Number(version) < ours.version ? 'an older' : 'a newer'
    return `This Redis has the data of ${age} version of Lockstep (layout ${version}, and this one has layout ${ours.version}): start that version, or this one with a Redis without Lockstep's data.`
  }
  return `This Redis was filled by Lockstep under another layout (${KEY} is ${there}), and this instance would look for its keys elsewhere (${JSON.stringify(ours)}). Give it the same kind of Redis and the same choice of a cache Redis, or a Redis without Lockstep's data.`
}
