import { randomUUID } from 'node:crypto'
import type { Binder } from '../../src/redis/binder.js'
import { redisKey } from '../../src/redis/keys.js'
import { integer, integers, list } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import type { Registration, Turn } from '../../src/redis/waiter.js'

const file = (name: string) => new URL(`./scripts/${name}.lua`, import.meta.url)

const putScript = defineScript({
  name: 'test.put',
  file: file('put'),
  keys: ['waiting', 'things'],
  args: ['ms', 'thing[]'],
  decode: (reply) => integers(reply, 0),
})

const takeScript = defineScript({
  name: 'test.take',
  file: file('take'),
  keys: ['waiting', 'things'],
  args: ['instance', 'others', 'limit'],
  decode(reply): Turn<string[]> {
    const [left, nextMs, ...things] = list(reply, 2)
    return {
      got: things.length > 0 ? things.map(String) : undefined,
      left: integer(left) > 0,
      nextMs: nextMs === -1 ? undefined : integer(nextMs),
    }
  },
})

const publishScript = defineScript({
  name: 'test.publish',
  file: file('publish'),
  keys: ['subject'],
  args: ['channel', 'message'],
  decode: (reply) => integers(reply, 0),
})

export type Things = ReturnType<typeof newThings>

/** A store of things that can be waited for, the least that lib/wake.lua serves. */
export function newThings(binder: Binder, namespace: string) {
  const id = randomUUID()
  const keys = {
    waiting: redisKey(namespace, `x:${id}`, 'waiting'),
    things: redisKey(namespace, `x:${id}`, 'things'),
  }
  const put = binder.bind(putScript)
  const take = binder.bind(takeScript)
  const publish = binder.bind(publishScript)
  const nowhere = { instance: '', others: false }
  return {
    keys,
    put: (...thing: string[]) => put(keys, { ms: 0, thing }),
    putLater: (ms: number, ...thing: string[]) => put(keys, { ms, thing }),
    /** A waiting attempt; from nowhere it is one that does not wait. */
    take: (limit = 1, { instance, others }: Registration = nowhere) =>
      take(keys, { instance, others: others ? 1 : 0, limit }),
    publish: (channel: string, message: string) =>
      publish({ subject: keys.waiting }, { channel, message }),
  }
}
