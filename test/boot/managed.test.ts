import { existsSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import path from 'node:path'
import type { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { managedRefusal } from '../../src/redis/managed.js'
import { freePort } from '../support/free-port.js'
import { connect, start } from '../support/managed.js'
import { isAlive, processesNaming } from '../support/processes.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

const setting = async (client: Redis, name: string) =>
  ((await client.config('GET', name)) as string[]).at(-1)

it('sets the configuration that keeps locks safe', async () => {
  const client = await connect(await start({ dataFolder: tempFolder() }))

  expect(await setting(client, 'maxmemory-policy')).toBe('noeviction')
  expect(await setting(client, 'appendonly')).toBe('yes')
  expect(await setting(client, 'appendfsync')).toBe('everysec')
  expect(await setting(client, 'save')).toBe('')
  expect(await setting(client, 'port')).toBe('0')
  for (const kind of ['expire', 'eviction', 'server-del']) {
    expect(await setting(client, `lazyfree-lazy-${kind}`), kind).toBe('yes')
  }
})

it('uses at most half of the available memory', async () => {
  const client = await connect(await start())
  const half = Math.floor(Math.min(totalmem(), process.constrainedMemory() || totalmem()) / 2)
  expect(Number(await setting(client, 'maxmemory'))).toBe(half)
  expect(half).toBeGreaterThan(0)
})

it('lets only its user reach the socket', async () => {
  const { url } = await start()
  const socket = new URL(url).pathname
  expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700)
  expect(statSync(socket).mode & 0o777).toBe(0o600)
})

it('lets extra configuration lines override its own', async () => {
  const client = await connect(await start({ conf: ['maxmemory 64mb', 'appendonly yes'] }))
  expect(await setting(client, 'maxmemory')).toBe(String(64 * 1024 * 1024))
  expect(await setting(client, 'appendonly')).toBe('yes')
})

it('listens on a port of loopback when asked', async () => {
  const redis = await start({ port: await freePort() })
  expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/)
  const client = await connect(redis)
  expect(await client.ping()).toBe('PONG')
  expect(await setting(client, 'bind')).toBe('127.0.0.1')
})

it('keeps its data across a stop and a start', async () => {
  const dataFolder = tempFolder()
  const first = await start({ dataFolder })
  await (await connect(first)).set('kept', 'yes')
  await first.stop()

  const second = await start({ dataFolder })
  expect(await (await connect(second)).get('kept')).toBe('yes')
})

it('keeps nothing without a data folder', async () => {
  const redis = await start()
  const client = await connect(redis)
  expect(await setting(client, 'appendonly')).toBe('no')
  expect(redis.description).toContain('nothing is kept')
})

it('leaves no process and no folder behind', async () => {
  const redis = await start()
  const folder = path.dirname(new URL(redis.url).pathname)
  expect(processesNaming(folder)).not.toEqual([])
  await redis.stop()
  await redis.stop()
  expect(isAlive(redis.pid())).toBe(false)
  expect(existsSync(folder)).toBe(false)
  await until('nothing runs there', () => processesNaming(folder).length === 0)
})

it('reports why Redis refuses to start, and leaves nothing', async () => {
  const dataFolder = tempFolder()
  await expect(start({ dataFolder, conf: ['no-such-setting 1'] })).rejects.toThrow(
    /does not start \(exit code 1\)[\s\S]*no-such-setting/,
  )
  // The failed start released the folder lock.
  await start({ dataFolder, lockWaitMs: 0 })
})

it('is refused in production unless it is allowed there', () => {
  expect(managedRefusal('production', false)).toMatch(/LOCKSTEP_REDIS_URL.*LOCKSTEP_REDIS_MANAGED/)
  expect(managedRefusal('production', true)).toBeUndefined()
  expect(managedRefusal('development', false)).toBeUndefined()
  expect(managedRefusal(undefined, false)).toBeUndefined()
})
