import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { connect, start } from '../support/managed.js'
import { isAlive, parentOf } from '../support/processes.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

it('restarts on the same data when it is killed', async () => {
  const log: string[] = []
  const redis = await start({ dataFolder: tempFolder(), log: (line) => log.push(line) })
  const client = await connect(redis)
  await client.set('kept', 'yes')
  const killed = redis.pid()
  process.kill(killed, 'SIGKILL')

  await until('another Redis', () => redis.pid() !== killed && isAlive(redis.pid()))
  expect(await until('an answer', () => client.get('kept'))).toBe('yes')
  expect(log.join()).toContain('signal 9')
})

it('restarts when its supervisor is killed, and never runs twice on one folder', async () => {
  const redis = await start({ dataFolder: tempFolder() })
  const client = await connect(redis)
  const first = redis.pid()
  // A stopped Redis does not react to SIGTERM.
  process.kill(first, 'SIGSTOP')
  process.kill(parentOf(first), 'SIGKILL')

  await until('another Redis', () => redis.pid() !== first && isAlive(redis.pid()))
  expect(isAlive(first)).toBe(false)
  expect(await until('an answer', () => client.ping())).toBe('PONG')
})

it('does not restart when restarts are off', async () => {
  const redis = await start({ restart: false })
  process.kill(redis.pid(), 'SIGKILL')
  await until('its end', () => !isAlive(redis.pid()))
  await redis.stop()
  expect(isAlive(redis.pid())).toBe(false)
})

it('retries forever, with growing delays, while it cannot start', async () => {
  const dataFolder = tempFolder()
  const log: string[] = []
  const redis = await start({ dataFolder, log: (line) => log.push(line) })
  const aof = path.join(dataFolder, 'appendonlydir')
  const manifest = readdirSync(aof).find((name) => name.endsWith('.manifest'))!
  const good = readFileSync(path.join(aof, manifest))
  writeFileSync(path.join(aof, manifest), 'not a manifest\n')
  process.kill(redis.pid(), 'SIGKILL')

  await until('three attempts', () => log.length >= 3)
  expect(log.map((line) => /in (\d+) ms/.exec(line)?.[1])).toEqual(
    expect.arrayContaining(['100', '200', '400']),
  )
  writeFileSync(path.join(aof, manifest), good)
  const client = await until('a Redis', () => connect(redis))
  expect(await client.ping()).toBe('PONG')
})
