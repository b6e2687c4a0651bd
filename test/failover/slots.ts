import slotOfKey from 'cluster-key-slot'
import type { Node } from '../support/nodes.js'

/** Every slot with a key of ours, the way an operator's reshard does it. */
export async function moveSlots(from: Node, to: Node, primaries: readonly Node[]): Promise<void> {
  const [fromId, toId] = await Promise.all(
    [from, to].map(async ({ client }) => (await client.call('CLUSTER', 'MYID')) as string),
  )
  const keys = await from.client.keys('ls:{*')
  for (const slot of new Set(keys.map((key) => slotOfKey(key)))) {
    await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId!)
    await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId!)
    for (;;) {
      const some = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]
      if (some.length === 0) break
      await from.client.migrate('127.0.0.1', to.port, '', 0, 1_000, 'KEYS', ...some)
    }
    for (const { client } of [to, from, ...primaries]) {
      await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId!)
    }
  }
}
