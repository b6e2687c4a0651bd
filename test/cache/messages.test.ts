import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { cacheDriver, versionOf } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness()
const { at } = cacheDriver(harness)

it('tells that a load was given up or refused, as no change', async () => {
  const key = 'given-up'
  const heard: string[] = []
  await harness.links.cacheSignals.subscribe(keysOf(harness, key).clock, (message) => {
    heard.push(message)
  })
  const win = async () => {
    const { headers } = await harness.request('get', at(key)).query({ lease: true })
    return headers['lockstep-lease'] as string
  }
  const cancel = async (body: object) =>
    harness
      .request('post', `${at(key)}/lease/cancel`)
      .send({ token: await win(), ...body })
      .expect(200)

  await cancel({})
  const token = await win()
  const gone = { tags: ['gone'], mode: 'hard' }
  await harness.request('post', '/v1/cache/users/invalidate').send(gone).expect(204)
  await harness
    .request('put', at(key))
    .set('lockstep-lease', token)
    .set('surrogate-key', 'gone')
    .send('late')
    .expect(412)
  await cancel({ failed: true })

  // A tag is marked in every partition, so its own message is among them.
  await until('the messages', () => heard.length === 4)
  const messages = heard.map((message) => message.split(' '))
  expect(messages.map(([, , ...rest]) => rest.join(' '))).toEqual([
    `w users ${key}`,
    't users gone',
    `w users ${key}`,
    `w users ${key}`,
  ])
  for (const [prev, clk, kind] of messages) if (kind === 'w') expect(prev).toBe(clk)
})

it('tells every change of a key with its clock, and the clock of the change before', async () => {
  const key = 'told'
  const heard: string[] = []
  const channel = keysOf(harness, key).clock
  await harness.links.cacheSignals.subscribe(channel, (message) => heard.push(message))
  const tags: (string | undefined)[] = []
  for (const change of [
    () => harness.request('put', at(key)).send('x'),
    // Its ETag is that of the value, which is the same as before.
    async () => {
      const { status } = await harness.request('post', `${at(key)}/touch`)
      return { status, headers: {} as { etag?: string } }
    },
    () => harness.request('delete', at(key)),
    () => harness.request('post', `${at(key)}/incr`),
    () => harness.request('post', `${at(key)}/incr`),
    () => harness.request('delete', at(key)),
    () => harness.request('patch', `${at(key)}/fields`).send({ set: { a: '1' } }),
    () => harness.request('post', '/v1/cache/users/invalidate').send({ keys: [key] }),
  ]) {
    const { status, headers } = await change()
    expect(status).toBeLessThan(300)
    tags.push(headers.etag)
  }

  await until('eight messages', () => heard.length === 8)

  const messages = heard.map((message) => message.split(' '))
  for (const [i, [prev, clk, ...rest]] of messages.entries()) {
    expect(rest).toEqual(['k', 'users', key])
    if (i > 0) expect(prev).toBe(messages[i - 1]?.[1])
    expect(Number(clk)).toBeGreaterThan(Number(prev))
    if (tags[i]) expect(Number(clk)).toBe(versionOf(tags[i]))
  }
})
