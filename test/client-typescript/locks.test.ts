import { expect, it } from 'vitest'
import {
  isProblem,
  LeaseLostError,
  type Lockstep,
  RevokeRequestedError,
} from '../../clients/typescript/src/lockstep.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { aborted, connect } from './service.js'

const harness = useHarness()

const look = async (name: string, kind = 'locks') =>
  (await harness.request('get', `/v1/${kind}/${name}`).expect(200)).body
const revoke = (name: string, body: object) =>
  harness.request('post', `/v1/locks/${name}/revoke`).send({ reason: 'maintenance', ...body })

it('runs the work under a lock, with its fence, and releases it', async () => {
  const result = await connect(harness).locks.run('plain', { owner: 'me' }, async ({ fence }) => {
    expect(await look('plain')).toMatchObject({ state: 'held', holders: [{ fence, owner: 'me' }] })
    return 'done'
  })
  expect(result).toBe('done')
  expect(await look('plain')).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
})

it('releases the lock when the work fails, and throws its error', async () => {
  const failed = connect(harness).locks.run('failing', {}, () => {
    throw new Error('the work failed')
  })
  await expect(failed).rejects.toThrow('the work failed')
  expect((await look('failing')).state).toBe('free')
})

it('keeps the lock beyond its term', async () => {
  const work = connect(harness).locks.run('kept', { ttlMs: 9_000 }, async ({ throwIfLost }) => {
    await until('it is renewed', async () => {
      const [holder] = (await look('kept')).holders
      return holder.heldMs + holder.expiresInMs > 10_000
    })
    throwIfLost()
  })
  await work
})

it('stops the work when an operator ends the lease', async () => {
  const lost = connect(harness).locks.run('revoked', { ttlMs: 9_000 }, async ({ signal }) => {
    await revoke('revoked', { force: true }).expect(200)
    await aborted(signal)
    throw new Error('the work stopped')
  })
  const error = await lost.catch((one) => one)
  expect(error).toBeInstanceOf(LeaseLostError)
  expect(error.cause.message).toBe('the work stopped')
  const { reason } = error
  expect(isProblem(reason, 'lease-revoked') && reason.problem.reason).toBe('maintenance')
})

it('says that an operator asks for the lock, and keeps it until the work ends', async () => {
  const done = connect(harness).locks.run('asked', { ttlMs: 9_000 }, async ({ signal, fence }) => {
    await revoke('asked', {}).expect(200)
    const reason = await aborted(signal)
    expect((await look('asked')).holders).toMatchObject([{ fence }])
    return reason
  })
  expect(await done).toEqual(new RevokeRequestedError('maintenance'))
  expect((await look('asked')).lastEnd.how).toBe('released')
})

it('notices after a stop of the process that its lease may have ended', async () => {
  const stopped = connect(harness).locks.run('stopped', { ttlMs: 5_000 }, ({ throwIfLost }) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
    throwIfLost()
  })
  await expect(stopped).rejects.toThrow(LeaseLostError)
})

it('waits in the queue for the lock', async () => {
  const client = connect(harness)
  const order: string[] = []
  let second: Promise<unknown> | undefined
  await client.locks.run('queued', {}, async () => {
    second = client.locks.run('queued', { waitMs: 60_000 }, () => order.push('second'))
    await until('it waits', async () => (await look('queued')).queueLength === 1)
    order.push('first')
  })
  await second
  expect(order).toEqual(['first', 'second'])
})

it('refuses at once without waitMs', async () => {
  const client = connect(harness)
  const { token } = await client.locks.acquire('taken')
  const error = await client.locks.run('taken', {}, () => {}).catch((one) => one)
  expect(isProblem(error, 'lock-held')).toBe(true)
  await client.locks.release('taken', token)
  expect((await client.locks.acquire('taken')).fence).toBeGreaterThan(0)
})

it('runs work under shared locks, permits and sets', async () => {
  const client = connect(harness)
  await client.locks.run('rw', { mode: 'shared' }, () =>
    client.locks.run('rw', { mode: 'shared' }, async () =>
      expect((await look('rw')).holders).toHaveLength(2),
    ),
  )
  await client.semaphores.run('pool', { permits: 2, capacity: 3 }, async () =>
    expect(await look('pool', 'semaphores')).toMatchObject({ used: 2 }),
  )
  await client.lockSets.run(['set-1', 'set-2'], {}, async ({ fences }) => {
    expect((await look('set-2')).holders[0].fence).toBe(fences['set-2'])
  })
  for (const name of ['rw', 'set-1', 'set-2']) expect((await look(name)).state).toBe('free')
})

const inSession = (client: Lockstep, ttlMs: number, name: string) =>
  client.sessions.run({ ttlMs }, async (session) => {
    const ended = client.locks.run(`${name}-1`, { session }, ({ signal }) => aborted(signal))
    const other = client.locks.run(`${name}-2`, { session }, async ({ throwIfLost }) => {
      await until('it is held', async () => (await look(`${name}-1`)).state === 'held')
      await revoke(`${name}-1`, { force: true }).expect(200)
      await expect(ended).rejects.toThrow(LeaseLostError)
      throwIfLost()
      return 'unharmed'
    })
    return other
  })

it('stops the work under one lease of a session, and no other', async () => {
  expect(await inSession(connect(harness), 9_000, 'shard')).toBe('unharmed')
  for (const name of ['shard-1', 'shard-2']) expect((await look(name)).state).toBe('free')
})

it('stops the work under every lease when the session is lost', async () => {
  const client = connect(harness)
  const session = await client.sessions.open({ ttlMs: 9_000 })
  const work = client.locks.run('of-session', { session }, async ({ signal }) => {
    await harness.request('delete', `/v1/sessions/${session.id}`).expect(204)
    return aborted(signal)
  })
  await expect(work).rejects.toThrow(LeaseLostError)
  expect(session.signal.aborted).toBe(true)
})

it('stops the work under a session that its process ends', async () => {
  const client = connect(harness)
  const session = await client.sessions.open({ ttlMs: 60_000 })
  const work = client.locks.run('own-end', { session }, async ({ signal, throwIfLost }) => {
    await session.end()
    expect(signal.aborted).toBe(true)
    throwIfLost()
  })
  await expect(work).rejects.toThrow(LeaseLostError)
  expect((await look('own-end')).state).toBe('free')
})

it('stops all work of a session that shares a reentrant lease', async () => {
  const client = connect(harness)
  await client.sessions.run({ ttlMs: 9_000 }, async (session) => {
    const terms = { session, owner: 'me', reentrant: true }
    const outer = client.locks.run('shared', terms, async ({ signal }) => {
      await client.locks.run('shared', terms, () => {})
      await revoke('shared', { force: true }).expect(200)
      return aborted(signal)
    })
    await expect(outer).rejects.toThrow(LeaseLostError)
  })
})
