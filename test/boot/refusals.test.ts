import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { WAIT_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { find, toolsFolder } from '../support/managed.js'
import { tempFolder } from '../support/temp-folder.js'
import { bareEnvironment } from '../support/unprivileged.js'

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let main = ''
let holder: ManagedRedis
let folderInUse = ''
let secondOnFolder: Promise<Ended>

beforeAll(async () => {
  main = path.join(await ensureBuilt(), 'main.js')
  folderInUse = mkdtempSync('/tmp/ls-')
  holder = await startManagedRedis({ toolsFolder, find, dataFolder: folderInUse })
  // It waits ten seconds, so it starts before the other tests.
  secondOnFolder = runService({ LOCKSTEP_DATA_DIR: folderInUse })
})

afterAll(async () => {
  await holder.stop()
  rmSync(folderInUse, { recursive: true, force: true })
})

/** Runs a service that the test expects to end by itself. */
function runService(environment: Readonly<Record<string, string>>): Promise<Ended> {
  const env = { ...bareEnvironment, LOCKSTEP_REDIS_FIND: find ?? '', LOCKSTEP_PORT: '0' }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main],
      { env: { ...env, ...environment }, timeout: WAIT_MS },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

it.each([
  ['a value of the wrong kind', { LOCKSTEP_PORT: 'seven' }, /LOCKSTEP_PORT/],
  [
    'several faults at once',
    { LOCKSTEP_PORT: '-1', LOCKSTEP_LOG_LEVEL: 'x' },
    /PORT[\s\S]*LOG_LEVEL/,
  ],
  ['a place to find Redis that is none', { LOCKSTEP_REDIS_FIND: 'attic' }, /LOCKSTEP_REDIS_FIND/],
  ['an open address without tokens', { LOCKSTEP_HOST: '0.0.0.0' }, /LOCKSTEP_ALLOW_ANONYMOUS/],
  ['an address of another machine', { LOCKSTEP_HOST: '127.9.9.999' }, /cannot listen on 127/],
  ['a URL without a host', { LOCKSTEP_REDIS_URL: 'redis://' }, /LOCKSTEP_REDIS_URL/],
  ['a port that is none', { LOCKSTEP_REDIS_URL: 'redis://h:99999' }, /LOCKSTEP_REDIS_URL/],
  ['production without a Redis', { NODE_ENV: 'production' }, /LOCKSTEP_REDIS_MANAGED=true/],
])('%s is exit 2 and one message, before Redis is touched', async (_what, environment, message) => {
  const folder = tempFolder()
  const temp = tempFolder()
  const { code, stdout, stderr } = await runService({
    LOCKSTEP_DATA_DIR: path.join(folder, 'data'),
    TMPDIR: temp,
    ...environment,
  })
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect([...readdirSync(folder), ...readdirSync(temp)]).toEqual([])
})

it('a socket path that is not a socket is exit 2', async () => {
  const file = path.join(tempFolder(), 'precious')
  writeFileSync(file, 'work')
  const { code, stderr } = await runService({ LOCKSTEP_HOST: file })
  expect(code).toBe(2)
  expect(stderr).toContain(`${file} exists and is not a socket`)
  expect(readdirSync(path.dirname(file))).toEqual(['precious'])
})

it.each(['port', 'socket'])('a %s in use is exit 1, before Redis is touched', async (kind) => {
  const folder = tempFolder()
  const socket = path.join(folder, 's')
  const server = createServer()
  await new Promise<void>((resolve) =>
    server.listen(kind === 'port' ? { port: 0, host: '127.0.0.1' } : socket, resolve),
  )
  const where: Record<string, string> =
    kind === 'port'
      ? { LOCKSTEP_PORT: String((server.address() as { port: number }).port) }
      : { LOCKSTEP_HOST: socket }
  const { code, stderr } = await runService({
    ...where,
    LOCKSTEP_DATA_DIR: path.join(folder, 'data'),
  })
  await new Promise((resolve) => server.close(resolve))
  expect(code).toBe(1)
  expect(stderr).toMatch(/is in use; perhaps Lockstep runs already.*LOCKSTEP_PORT/)
  expect(readdirSync(folder)).not.toContain('data')
})

it('a missing server is exit 1, and the message names the ways out', async () => {
  const { code, stderr } = await runService({
    LOCKSTEP_REDIS_FIND: 'path',
    LOCKSTEP_DATA_DIR: tempFolder(),
    PATH: '/nowhere',
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^No Redis to start: .*LOCKSTEP_REDIS_URL.*docker compose up\.\n$/)
})

it('a data folder in use is exit 1 and names the process that uses it', async () => {
  const { code, stderr } = await secondOnFolder
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`${folderInUse} is in use by process ${process.pid} `))
})
