import { afterEach, describe, expect, it } from 'vitest'
import { createDocuments, type Documents, MAX_DOCUMENTS } from '../../src/redis/documents.js'
import { redisKey } from '../../src/redis/keys.js'
import type { PubSub } from '../../src/redis/pub-sub.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

interface Colour {
  readonly colour: string
}

const harness = useHarness()
const open: { close(): void }[] = []

afterEach(() => {
  for (const documents of open.splice(0)) documents.close()
})

const deaf: PubSub = {
  subscribe: async () => () => undefined,
  onGap: () => () => undefined,
  unsubscribe: () => undefined,
  hears: () => true,
  silentForMs: () => 0,
  answeredAt: () => 0,
  roundTripMs: () => 0,
  close: () => undefined,
}

function parse(_name: string, body: unknown): Colour {
  if (typeof (body as Colour).colour !== 'string') throw new TypeError('no colour')
  return body as Colour
}

/** Simulates another process: its own memory on the same Redis. */
function newProcess(part: string, more: object = {}): Documents<Colour> {
  const { binder, connections } = harness
  const documents = createDocuments<Colour>({
    binder,
    pubSub: connections.pubSub,
    part,
    parse,
    ...more,
  })
  open.push(documents)
  return documents
}

const red = { colour: 'red' }
const blue = { colour: 'blue' }

describe('documents', () => {
  it('asks Redis before calling a name unknown', async () => {
    const [here, there] = [newProcess('unknown', { pubSub: deaf }), newProcess('unknown')]
    expect(await there.get(harness.namespace, 'a')).toBeUndefined()
    await here.put(harness.namespace, 'a', red)

    expect(await there.get(harness.namespace, 'a')).toMatchObject({ name: 'a', value: red })
  })

  it('serves a change at once in the process that made it', async () => {
    const here = newProcess('here', { pubSub: deaf, pollMs: 3_600_000 })
    await here.get(harness.namespace, 'a')
    await here.put(harness.namespace, 'a', red)
    expect(here.peek(harness.namespace, 'a')?.value).toEqual(red)

    expect(await here.remove(harness.namespace, 'a')).toMatchObject({ kind: 'removed' })
    expect(here.peek(harness.namespace, 'a')).toBeUndefined()
  })

  it.each<[string, { pollMs?: number; pubSub?: PubSub }]>([
    ['by message, without the poll', { pollMs: 3_600_000 }],
    ['by the poll, without a message', { pubSub: deaf }],
  ])('learns of changes elsewhere %s', async (how, options) => {
    const part = `elsewhere-${how.length}`
    const [here, there] = [newProcess(part), newProcess(part, options)]
    await here.put(harness.namespace, 'a', red)
    await there.get(harness.namespace, 'a')
    await until('the subscription', async () => {
      if (options.pubSub === deaf) return true
      const [, count] = (await harness.redis.pubsub('NUMSUB', `ls:documents:${part}`)) as number[]
      return (count ?? 0) >= 1
    })

    await here.put(harness.namespace, 'a', blue)
    await until('the change', () => there.peek(harness.namespace, 'a')?.value.colour === 'blue')
    await here.remove(harness.namespace, 'a')
    await until('the removal', () => there.peek(harness.namespace, 'a') === undefined)
  })

  it('polls for a namespace only while it is used', async () => {
    const here = newProcess('idle', { pollMs: 20, idleMs: 3_000 })
    await here.get(harness.namespace, 'a')
    await here.get('t-unused', 'a')
    await until('the end of the unused one', () => {
      here.peek(harness.namespace, 'a')
      return !here.knows('t-unused')
    })
    expect(here.knows(harness.namespace)).toBe(true)
    await here.get('t-unused', 'a')
    expect(here.knows('t-unused')).toBe(true)
  })

  it('gives every change a version that is never used again', async () => {
    const here = newProcess('versions')
    const put = async (value: Colour) => {
      const outcome = await here.put(harness.namespace, 'a', value)
      return 'document' in outcome ? outcome.document.version : 0
    }
    const first = await put(red)
    expect(await put(red)).toBe(first)
    const second = await put(blue)
    expect(second).toBeGreaterThan(first)
    await here.remove(harness.namespace, 'a')
    const third = await put(red)
    expect(third).toBeGreaterThan(second)

    await harness.redis.del(redisKey(harness.namespace, 'policies', 'versions'))
    expect(await put(red)).toBeGreaterThan(third)
  })

  it('increases versions also when the clock stops or goes back', async () => {
    const here = newProcess('clock')
    const ahead = Date.now() * 2_000
    const key = redisKey(harness.namespace, 'policies', 'clock')
    await harness.redis.hset(key, ':revision', ahead)

    const outcome = await here.put(harness.namespace, 'a', red)
    expect(outcome).toMatchObject({ kind: 'created', document: { version: ahead + 1 } })
  })

  it('checks preconditions', async () => {
    const here = newProcess('conditions')
    const { namespace } = harness
    const failed = { kind: 'precondition-failed' }
    expect(await here.put(namespace, 'a', red, '*')).toEqual(failed)
    expect(await here.put(namespace, 'a', red, 7)).toEqual(failed)
    const created = await here.put(namespace, 'a', red, 'none')
    const version = 'document' in created ? created.document.version : 0
    expect(created.kind).toBe('created')
    expect(await here.put(namespace, 'a', blue, 'none')).toEqual(failed)
    expect(await here.put(namespace, 'a', blue, version - 1)).toEqual(failed)
    expect(await here.put(namespace, 'a', blue, version)).toMatchObject({ kind: 'replaced' })
    expect(await here.remove(namespace, 'a', version)).toMatchObject({
      kind: 'precondition-failed',
    })
    expect(await here.remove(namespace, 'a', '*')).toMatchObject({ kind: 'removed' })
    expect(await here.remove(namespace, 'a')).toMatchObject({ kind: 'missing' })
    expect(await here.remove(namespace, 'a', 'none')).toMatchObject({ kind: 'missing' })
    expect(await here.remove(namespace, 'a', version)).toMatchObject({
      kind: 'precondition-failed',
    })
  })

  it('changes some fields and keeps the others', async () => {
    const here = newProcess('fields')
    const { namespace } = harness
    const both = { colour: 'red', shape: 'round' }
    const toBlue = (stored: Colour) => ({ ...stored, ...blue })
    const created = await here.put(namespace, 'a', both)
    const version = 'document' in created ? created.document.version : 0

    expect(await here.patch(namespace, 'a', toBlue, version - 1)).toEqual({
      kind: 'precondition-failed',
    })
    expect(await here.patch(namespace, 'a', toBlue, 'none')).toEqual({
      kind: 'precondition-failed',
    })
    expect(await here.patch(namespace, 'a', toBlue, version)).toMatchObject({
      kind: 'replaced',
      before: version,
      document: { value: { colour: 'blue', shape: 'round' } },
    })
    expect(await here.patch(namespace, 'a', toBlue, '*')).toMatchObject({ kind: 'unchanged' })
    expect(await here.patch(namespace, 'b', toBlue)).toEqual({ kind: 'missing' })
    expect(await here.patch(namespace, 'b', toBlue, version)).toEqual({ kind: 'missing' })
  })

  it('changes nothing where the change fails', async () => {
    const here = newProcess('failing')
    await here.put(harness.namespace, 'a', red)
    const refuse = () => {
      throw new RangeError('no such colour')
    }
    await expect(here.patch(harness.namespace, 'a', refuse)).rejects.toThrow('no such colour')
    expect(await newProcess('failing').get(harness.namespace, 'a')).toMatchObject({ value: red })
  })

  it('loses no field where processes change different ones at once', async () => {
    const processes = [newProcess('together', { pubSub: deaf }), newProcess('together')]
    const { namespace } = harness
    await processes[0]?.put(namespace, 'a', red)
    const fields = Array.from({ length: 8 }, (_, i) => [`field${i}`, i] as const)

    await Promise.all(
      fields.map(([name, value], i) =>
        processes[i % 2]?.patch(namespace, 'a', (stored) => ({ ...stored, [name]: value })),
      ),
    )
    const [stored] = await newProcess('together').list(namespace)
    expect(stored?.value).toEqual({ ...red, ...Object.fromEntries(fields) })
  })

  it('lets the configuration file win, in every namespace', async () => {
    const document = { name: 'a', version: 1, value: blue, inFile: true }
    const here = newProcess('file', { fromFile: () => new Map([['a', document]]) })
    const other = newProcess('file')
    await other.put(harness.namespace, 'a', red)
    await other.put(harness.namespace, 'b', red)

    expect((await here.get(harness.namespace, 'a'))?.value).toEqual(blue)
    expect(await here.put(harness.namespace, 'a', red)).toEqual({ kind: 'in-file' })
    expect(await here.patch(harness.namespace, 'a', () => red)).toEqual({ kind: 'in-file' })
    expect(await here.remove(harness.namespace, 'a')).toMatchObject({ kind: 'in-file' })
    expect(await here.list(harness.namespace)).toMatchObject([document, { name: 'b', value: red }])
  })

  it('skips documents that this version cannot read', async () => {
    const key = redisKey(harness.namespace, 'policies', 'newer')
    await harness.redis.hset(key, ':revision', 2, 'a', '1 {"shape":1}', 'b', '2 {"colour":"red"}')

    expect(await newProcess('newer').list(harness.namespace)).toMatchObject([{ name: 'b' }])
  })

  it('refuses one document too many, and still replaces', async () => {
    const key = redisKey(harness.namespace, 'policies', 'many')
    const fields = Array.from({ length: MAX_DOCUMENTS }, (_, i) => [
      `d${i}`,
      `1 ${JSON.stringify(red)}`,
    ])
    await harness.redis.hset(key, ':revision', 1, ...fields.flat())
    const here = newProcess('many')

    expect(await here.put(harness.namespace, 'more', red)).toEqual({ kind: 'too-many' })
    expect(await here.put(harness.namespace, 'd0', blue)).toMatchObject({ kind: 'replaced' })
    await here.remove(harness.namespace, 'd1')
    expect(await here.put(harness.namespace, 'more', red)).toMatchObject({ kind: 'created' })
  })
})
