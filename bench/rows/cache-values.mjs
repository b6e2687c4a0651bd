// A value of 8 MiB against one of 300 bytes, in Redis' own time per call (INFO commandstats): a
// call that returns no payload must cost the same. Also how long the payload itself blocks Redis.
import { createEntryStore } from '../../dist/cache/entries/store.js'
import { createInvalidationStore } from '../../dist/cache/invalidation/store.js'
import { Partitions } from '../../dist/cache/partition.js'
import { DEFAULT_POLICY } from '../../dist/cache/spaces/policy.js'
import { createBinder } from '../../dist/redis/binder.js'
import { openConnection } from '../../dist/redis/connection.js'
import { layoutOf } from '../../dist/redis/layout.js'

const SMALL = Buffer.alloc(300, 'x')
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x')
const CALLS = { full: 500, quick: 500, smoke: 10 }
const CALLS_WITH_PAYLOAD = { full: 20, quick: 20, smoke: 2 }
const NAMESPACE = 'bench-values'
const SPACE = 'values'

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const plain = (payload) => ({ payload, contentType: 'text/plain', contentEncoding: '', tags: [] })

/** Calls that return no payload. */
const operations = {
  'HEAD and metadata': ({ entries }, { key }) => entries.read(key, { maxBytes: -1 }),
  304: ({ entries }, { key, version }) => entries.read(key, { have: [version] }),
  touch: ({ entries }, { key }) => entries.touch(key, 3_600_000),
  'refused If-Match': ({ entries }, { key }) =>
    entries.write(key, { ...plain(Buffer.from('no')), condition: { match: [1] } }),
  'soft invalidation': ({ invalidation }, { key }) =>
    invalidation.keys(NAMESPACE, SPACE, [key.key], 'soft'),
}

const withPayload = {
  GET: ({ entries }, { key }) => entries.read(key),
  PUT: ({ entries }, { key, payload }) => entries.write(key, plain(payload)),
}

export const rows = [
  ...Object.entries(operations).map(([name, run]) => ({
    name: `cache ${name}: 8 MiB over 300 bytes`,
    target: 1.5,
    atMost: true,
    measure: ({ servers, rounds, size }) =>
      withStores(servers, async (stores) => {
        const costs = []
        for (let i = 0; i < rounds; i++) {
          const cost = {}
          for (const side of i % 2 === 0 ? ['small', 'large'] : ['large', 'small']) {
            cost[side] = await microsPerCall(stores, CALLS[size], () => run(stores, stores[side]))
          }
          costs.push({ ...cost, ratio: cost.large / cost.small })
        }
        const of = (field) => costs.map((cost) => cost[field])
        return {
          ratio: median(of('ratio')),
          spread: [Math.min(...of('ratio')), Math.max(...of('ratio'))],
          record: { 'small us': median(of('small')), 'large us': median(of('large')) },
        }
      }),
  })),
  ...Object.entries(withPayload).map(([name, run]) => ({
    name: `cache ${name} of 8 MiB: Redis ms`,
    measure: ({ servers, rounds, size }) =>
      withStores(servers, async (stores) => {
        const costs = []
        for (let i = 0; i < rounds; i++) {
          const micros = await microsPerCall(stores, CALLS_WITH_PAYLOAD[size], () =>
            run(stores, stores.large),
          )
          costs.push(micros / 1_000)
        }
        return {
          ratio: median(costs),
          spread: [Math.min(...costs), Math.max(...costs)],
          record: {},
        }
      }),
  })),
]

async function withStores({ redis: { url } }, work) {
  const connection = openConnection({ url, purpose: 'bench', timeoutMs: 60_000, onError() {} })
  if (connection.client.status !== 'ready')
    await new Promise((done) => connection.client.once('ready', done))
  const observer = { batch() {}, failure() {} }
  const binder = createBinder({ connection, observer, clockOffsetUs: () => 0 })
  const partitions = new Partitions(layoutOf(connection), 'keep')
  const entries = createEntryStore(binder, partitions)
  const store = async (name, payload) => {
    const policy = { ...DEFAULT_POLICY, staleMs: 3_600_000 }
    const key = { namespace: NAMESPACE, space: SPACE, key: name, policy }
    const { version } = await entries.write(key, plain(payload))
    return { key, version, payload }
  }
  try {
    return await work({
      redis: connection.client,
      entries,
      invalidation: createInvalidationStore(binder, partitions),
      small: await store('small', SMALL),
      large: await store('large', LARGE),
    })
  } finally {
    await connection.client.unlink(await connection.client.keys(`ls:{${NAMESPACE}:*`))
    connection.close()
  }
}

/** All calls sent one by one. */
async function microsPerCall({ redis }, calls, run) {
  await redis.config('RESETSTAT')
  for (let i = 0; i < calls; i++) await run()
  const stats = await redis.info('commandstats')
  const micros = (name) =>
    Number(new RegExp(`cmdstat_${name}:calls=\\d+,usec=(\\d+)`).exec(stats)?.[1] ?? 0)
  // The time of a script includes its commands, but not the MGET after it.
  return (micros('evalsha') + micros('mget')) / calls
}
