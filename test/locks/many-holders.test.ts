import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'

let harness: Harness
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  harness = await startHarness()
  scripts = lockScripts(harness)
})
afterAll(() => harness.close())

const shared = { mode: 'shared' }
const owned = { ...shared, owner: 'o', caller: '' }

describe('a lock that many share', () => {
  it('has room for ten thousand', async () => {
    await scripts.acquire('many', shared)
    await scripts.acquire('many', shared)
    await harness.redis.hset(scripts.key('lock', 'many'), 'count', 9_999)
    expect(await scripts.acquire('many', shared)).toMatchObject({ outcome: 'granted' })
    expect(await scripts.acquire('many', shared)).toMatchObject({ outcome: 'held' })
  })

  it('lists the tokens of an owner only where they may be entered again', async () => {
    const lists = async () =>
      (await harness.redis.hkeys(scripts.key('lock', 'owned'))).filter((field) =>
        field.startsWith('@'),
      ).length
    const plain = [await scripts.acquire('owned', owned), await scripts.acquire('owned', owned)]
    expect(await lists()).toBe(0)
    const entered = await scripts.acquire('owned', { ...owned, reentrant: true })
    expect(entered).toMatchObject({ outcome: 'granted', holdCount: 1 })
    expect(await lists()).toBe(1)
    const again = await scripts.acquire('owned', { ...owned, reentrant: true })
    expect(again).toMatchObject({ outcome: 'granted', holdCount: 2 })
    for (const { token } of [...plain, entered, again]) await scripts.release('owned', token)
    expect(await harness.redis.exists(scripts.key('lock', 'owned'))).toBe(0)
  })

  it('is not entered again by way of a lease that was not taken for it', async () => {
    await scripts.acquire('sole', { owner: 'o', caller: '' })
    const again = { owner: 'o', caller: '', reentrant: true }
    expect(await scripts.acquire('sole', again)).toMatchObject({ outcome: 'held' })
  })
})
