import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { makeRunFolder } from '../../src/redis/managed-folders.js'
import { WAIT_MS } from '../support/bounds.js'
import { connect, start } from '../support/managed.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

afterEach(() => vi.unstubAllEnvs())

it('names the process that uses the data folder', async () => {
  const dataFolder = tempFolder()
  await start({ dataFolder })
  await expect(start({ dataFolder, lockWaitMs: 300 })).rejects.toThrow(
    new RegExp(`${dataFolder} is in use by process ${process.pid} \\(.*node`),
  )
})

it('waits for a data folder whose last process is ending', async () => {
  const dataFolder = tempFolder()
  const first = await start({ dataFolder })
  const log: string[] = []
  const second = start({ dataFolder, lockWaitMs: WAIT_MS, log: (line) => log.push(line) })
  await until('its word', () => log.length > 0)
  await first.stop()
  expect((await connect(await second)).status).toBe('ready')
  expect(log.join()).toContain(`in use by process ${process.pid}`)
})

it('says so when the data folder cannot be written', async () => {
  const folder = path.join(tempFolder(), 'file')
  writeFileSync(folder, '')
  await expect(start({ dataFolder: path.join(folder, 'data') })).rejects.toThrow(
    /cannot keep its data in .* LOCKSTEP_DATA_DIR/,
  )
  const occupied = tempFolder()
  mkdirSync(path.join(occupied, 'lock'))
  await expect(start({ dataFolder: occupied })).rejects.toThrow(/cannot keep its data in/)
})

it('warns about a data folder that others may write to, and keeps its mode', async () => {
  const dataFolder = tempFolder()
  const log: string[] = []
  const startThere = async () => {
    const redis = await start({ dataFolder, log: (line) => log.push(line) })
    await redis.stop()
  }
  await startThere()
  expect(log).toEqual([])
  chmodSync(dataFolder, 0o777)
  await startThere()
  expect(log).toEqual([expect.stringMatching(`^Other users .* ${dataFolder}.*chmod 700`)])
  expect(statSync(dataFolder).mode & 0o777).toBe(0o777)
})

it('accepts any characters in the name of the data folder', async () => {
  const dataFolder = path.join(tempFolder(), 'a "quoted\\" näme')
  mkdirSync(dataFolder)
  const redis = await start({ dataFolder })
  await (await connect(redis)).set('kept', 'yes')
  expect(readdirSync(dataFolder)).toContain('appendonlydir')
})

it('rejects a temp folder whose path is too long for a socket, or not writable', () => {
  const long = path.join(tempFolder(), 'x'.repeat(90))
  mkdirSync(long)
  const short = tempFolder()
  const chosen = makeRunFolder([long, '/proc', short])
  expect(path.dirname(chosen)).toBe(short)
  expect(readdirSync(long)).toEqual([])
  expect(() => makeRunFolder([long])).toThrow(/TMPDIR/)
})

it('counts the bytes of a socket path, not its characters', () => {
  const exact = tempFolder()
  const room = 107 - Buffer.byteLength(`${exact}//lockstep-XXXXXX/redis.sock`)
  const fits = path.join(exact, 'f'.repeat(room))
  const wide = path.join(exact, 'ü'.repeat(room))
  mkdirSync(fits)
  mkdirSync(wide)
  expect(path.dirname(makeRunFolder([fits]))).toBe(fits)
  expect(() => makeRunFolder([wide])).toThrow(/short enough/)
})

it('works where the socket path has exactly the length allowed', async () => {
  const tmp = tempFolder()
  const room = 107 - Buffer.byteLength(`${tmp}//lockstep-XXXXXX/redis.sock`)
  const longest = path.join(tmp, 'f'.repeat(room))
  mkdirSync(longest)
  vi.stubEnv('TMPDIR', longest)
  const redis = await start()
  expect(new URL(redis.url).pathname).toHaveLength(107)
  expect(await (await connect(redis)).ping()).toBe('PONG')
})
