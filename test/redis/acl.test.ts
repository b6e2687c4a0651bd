import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Servers, startTopology } from '../support/topology.js'

/** `npm run test:acl` runs the whole suite as this user; this file tests what the user may not do. */
let servers: Servers
let user: Redis

beforeAll(async () => {
  servers = await startTopology('acl')
  const path = servers.adminUrl!.replace('unix://', '')
  user = new Redis({ path, username: 'lockstep', password: 'secret' })
})
afterAll(async () => {
  user.disconnect()
  await servers.stop()
})

it.each([
  ['FLUSHALL'],
  ['KEYS', '*'],
  ['CONFIG', 'SET', 'maxmemory', '1'],
  ['ACL', 'LIST'],
  ['SHUTDOWN'],
  ['MONITOR'],
  ['SCRIPT', 'FLUSH'],
  ['BLPOP', 'ls:list', '1'],
  ['SELECT', '1'],
  ['SET', 'sessions:1', 'x'],
  ['GET', 'sessions:1'],
  ['PUBLISH', 'news', 'x'],
  ['EVAL', "return redis.call('GET', 'sessions:1')", '0'],
])('the user of the ACL file may not %s %s', async (command, ...args) => {
  await expect(user.call(command, ...args)).rejects.toThrow(/NOPERM|can't|No permissions/)
})

it('the user of the ACL file has every right that it needs', async () => {
  expect(await user.set('ls:{t:l0}:lock:x', '1')).toBe('OK')
  expect(await user.eval("return redis.call('GET', KEYS[1])", 1, 'ls:{t:l0}:lock:x')).toBe('1')
  expect(await user.publish('ls:x', '1')).toBe(0)
})

it('the file has no valid password', () => {
  const file = readFileSync(new URL('../../deploy/redis/users.acl', import.meta.url), 'utf8')
  expect(file).toContain('user default off\n')
  expect(file).toMatch(/#0{64} /)
})
