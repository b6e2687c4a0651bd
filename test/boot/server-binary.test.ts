import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { findServer, type ServerSource } from '../../src/redis/server-binary.js'
import { tempFolder } from '../support/temp-folder.js'

afterEach(() => vi.unstubAllEnvs())

/** A PATH with only the commands that the search needs, and no server. */
function barePath(): string {
  const folder = tempFolder()
  for (const name of ['sh', 'env']) {
    const file = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    symlinkSync(file, path.join(folder, name))
  }
  vi.stubEnv('PATH', folder)
  return folder
}

/** A fake server that prints a version: these tests check only which one is chosen. */
function put(folder: string, name: string, says: string): string {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${says}\n`)
  chmodSync(file, 0o755)
  return file
}

const REDIS = 'echo "Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"'
const VALKEY = 'echo "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"'

function find(toolsFolder: string, only?: ServerSource) {
  return findServer({ toolsFolder, only, log: () => {} })
}

it('takes an installed redis-server first', async () => {
  const folder = barePath()
  const tools = tempFolder()
  put(folder, 'valkey-server', VALKEY)
  put(path.join(tools, 'bin'), 'redis-server', REDIS)
  const installed = put(folder, 'redis-server', REDIS)
  expect(await find(tools)).toEqual({
    path: installed,
    source: 'path',
    product: 'Redis',
    version: '7.2.4',
  })
})

it('takes an installed valkey-server as well', async () => {
  const installed = put(barePath(), 'valkey-server', VALKEY)
  expect(await find(tempFolder())).toMatchObject({
    path: installed,
    product: 'Valkey',
    version: '8.0.1',
  })
})

it('takes the kept copy, with its libraries, where none is installed', async () => {
  barePath()
  const tools = tempFolder()
  const libraries = path.join(tools, 'bin/lib')
  const copy = put(
    path.join(tools, 'bin'),
    'redis-server',
    `test "$LD_LIBRARY_PATH" = "${libraries}" && ${REDIS}`,
  )
  expect(await find(tools)).toMatchObject({ path: copy, libraries, source: 'cache' })
})

it.each([
  ['too old', 'echo "Redis server v=6.0.16 sha=00000000:0"', /Redis 6\.0\.16, older than 7\.0/],
  ['broken', 'exit 127', /does not run/],
  ['something else', 'echo "sql server 9"', /is no Redis server/],
])('goes on to the next place when the installed one is %s', async (_what, says, reason) => {
  const folder = barePath()
  const tools = tempFolder()
  put(folder, 'redis-server', says)
  await expect(find(tools, 'path')).rejects.toThrow(reason)

  const valkey = put(folder, 'valkey-server', VALKEY)
  expect(await find(tools)).toMatchObject({ path: valkey })
})

it('looks only in the configured place', async () => {
  const folder = barePath()
  const tools = tempFolder()
  const installed = put(folder, 'redis-server', REDIS)
  const copy = put(path.join(tools, 'bin'), 'redis-server', REDIS)
  expect(await find(tools, 'path')).toMatchObject({ path: installed })
  expect(await find(tools, 'cache')).toMatchObject({ path: copy })
  // An earlier fetch left the copy, so this start needs no network.
  expect(await find(tools, 'fetch')).toMatchObject({ path: copy, source: 'fetch' })
  await expect(find(tempFolder(), 'cache')).rejects.toThrow(/no copy in/)
})

it('names the ways out without a server on a system other than Debian', async () => {
  barePath()
  const search = find(tempFolder())
  await expect(search).rejects.toThrow(/neither redis-server nor valkey-server is on PATH/)
  await expect(search).rejects.toThrow(/needs apt-get/)
  await expect(search).rejects.toThrow(
    /Install redis-server.*LOCKSTEP_REDIS_URL.*docker compose up/,
  )
})
