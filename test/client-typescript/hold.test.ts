import { expect, it } from 'vitest'
import {
  isProblem,
  LeaseLostError,
  RevokeRequestedError,
} from '../../clients/typescript/src/lockstep.js'
import { startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { aborted, connect, connectThroughFaults, urlOf } from './service.js'

const harness = useHarness()

const look = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body
const revoke = (name: string, body: object) =>
  harness
    .request('post', `/v1/locks/${name}/revoke`)
    .send({ reason: 'maintenance', ...body })
    .expect(200)

it('holds a lock while the work runs, and releases it without its delay', async () => {
  const { locks } = connect(harness)
  const terms = { owner: 'me', lockDelayMs: 60_000 }
  const fenceOf = await locks.hold('held', terms, async ({ fence, throwIfLost }) => {
    expect(await look('held')).toMatchObject({ state: 'held', holders: [{ fence, owner: 'me' }] })
    throwIfLost()
    return fence
  })
  const { state, lastEnd } = await look('held')
  expect({ state, lastEnd }).toMatchObject({
    state: 'free',
    lastEnd: { how: 'released', fence: fenceOf },
  })
})

it('waits for the lock, and refuses without it', async () => {
  const { locks } = connect(harness)
  const { token } = await locks.acquire('waited')
  const refused = await locks.hold('waited', {}, () => {}).catch((one) => one)
  expect(isProblem(refused, 'lock-held')).toBe(true)
  const held = locks.hold('waited', { waitMs: 60_000 }, () => 'done')
  await until('it waits', async () => (await look('waited')).queueLength === 1)
  await locks.release('waited', token)
  expect(await held).toBe('done')
})

it('stops the work when an operator ends the lease, and asks it before', async () => {
  const { locks } = connect(harness)
  const work = locks.hold('revoked', {}, async ({ signal, throwIfLost }) => {
    await revoke('revoked', {})
    expect(await aborted(signal)).toEqual(new RevokeRequestedError('maintenance'))
    throwIfLost()
    await revoke('revoked', { force: true })
    await until('it is lost', () => {
      try {
        throwIfLost()
        return false
      } catch (error) {
        return error
      }
    })
  })
  await expect(work).rejects.toThrow(LeaseLostError)
})

it('goes on at another instance when its own shuts down', async () => {
  const other = await startHarness()
  const { locks } = connect(harness, { url: [urlOf(other), urlOf(harness)] })
  await locks.hold('moved', {}, async ({ fence, throwIfLost }) => {
    const closed = other.close()
    await until('it goes on', async () => {
      const { text } = await harness.request('get', '/metrics')
      return /lockstep_locks_streams\{kind="hold"\} 1$/m.test(text)
    })
    other.app.server.closeIdleConnections()
    await closed
    throwIfLost()
    expect((await look('moved')).holders).toMatchObject([{ fence }])
  })
  expect((await look('moved')).lastEnd).toMatchObject({ how: 'released' })
})

it('stops the work when the connection is gone and the lock with it', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  const work = client.locks.hold('cut', {}, async ({ signal }) => {
    proxy.refuse()
    await until('it is free', async () => (await look('cut')).state === 'free')
    proxy.heal()
    return aborted(signal)
  })
  await expect(work).rejects.toThrow(LeaseLostError)
})
