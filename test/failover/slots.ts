import slotOfKey from 'cluster-key-slot'
import type { Node } from '../support/nodes.js'

/** Moves every slot that has keys, with the commands of a reshard. */
export async function moveSlots(from: Node, to: Node, primaries: readonly Node[]): Promise<void> {
  const keys = await from.client.keys('ls:{*')
  for (const slot of new Set(keys.map((key) => slotOfKey(key)))) {
    await beginMove(slot, from, to)
    await endMove(slot, from, to, primaries)
  }
}

/** Starts to move a slot: `from` redirects calls for missing keys to `to` (ASK). */
export async function beginMove(slot: number, from: Node, to: Node): Promise<void> {
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from))
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to))
}

export async function endMove(
  slot: number,
  from: Node,
  to: Node,
  primaries: readonly Node[],
): Promise<void> {
  for (;;) {
    const some = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]
    if (some.length === 0) break
    await moveKeys(from, to, some)
  }
  const id = await idOf(to)
  for (const { client } of [to, from, ...primaries]) {
    await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)
  }
}

/**
 * Replaces a key that is at both servers, as `redis-cli --cluster fix` does: a script whose lock is
 * still at the old server runs there, and may write a key again that has moved.
 */
export async function moveKeys(from: Node, to: Node, keys: readonly string[]): Promise<void> {
  const move = (...how: string[]) =>
    from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 1_000, ...how, 'KEYS', ...keys)
  await move().catch((error: Error) => {
    if (!error.message.includes('BUSYKEY')) throw error
    return move('REPLACE')
  })
}

const idOf = async ({ client }: Node) => (await client.call('CLUSTER', 'MYID')) as string
