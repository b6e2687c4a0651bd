import { execFile, spawn } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { packagesOf } from '../../src/redis/server-fetch.js'
import { ensureBuilt } from '../support/built.js'
import { isAlive } from '../support/processes.js'
import { tempFolder } from '../support/temp-folder.js'
import { asNobody, bareEnvironment, giveToNobody } from '../support/unprivileged.js'
import { until } from '../support/until.js'

const run = promisify(execFile)

it.each([
  ['libjemalloc.so.2', 'libjemalloc2'],
  ['liblz4.so.1', 'liblz4-1'],
  ['libssl.so.3', 'libssl3'],
  ['libcrypto.so.3', 'libssl3'],
  ['libsystemd.so.0', 'libsystemd0'],
  ['libgpg-error.so.0', 'libgpg-error0'],
])('knows that %s is in %s', (library, name) => {
  expect(packagesOf(library)).toEqual([name, `${name}t64`])
})

it('fetches a server that runs, as an ordinary user without a home', async (test) => {
  const why = await obstacle()
  // biome-ignore lint/suspicious/noSkippedTests: a machine that cannot fetch cannot run this test
  test.skip(why !== undefined, why)

  // Copied, because other users cannot read a checkout in a home folder.
  const folder = tempFolder(0o755)
  cpSync(path.join(await ensureBuilt(), 'redis'), path.join(folder, 'redis'), { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  giveToNobody(folder)
  const before = machineLists()

  const { stdout } = await run(
    process.execPath,
    ['--input-type=module', '--eval', FIND, path.join(folder, '.lockstep')],
    { ...asNobody, cwd: folder, env: bareEnvironment },
  )

  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(first).toMatchObject({ source: 'fetch', product: 'Redis' })
  expect(first.path).toBe(path.join(folder, '.lockstep/bin/redis-server'))
  expect(second).toMatchObject({ source: 'cache', path: first.path })
  expect(readdirSync(path.join(folder, '.lockstep')), 'no rests').toEqual(['bin'])
  expect(machineLists(), 'the machine is as before').toBe(before)
})

async function obstacle(): Promise<string | undefined> {
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get on this machine'
  return lookup('deb.debian.org').then(
    () => undefined,
    () => 'there is no network',
  )
}

const machineLists = () => statSync('/var/lib/apt/lists', { throwIfNoEntry: false })?.mtimeMs

it('leaves nothing behind when a fetch is interrupted or killed', async () => {
  const folder = tempFolder()
  for (const name of ['bin-killed', 'bin-running']) mkdirSync(path.join(folder, name))
  utimesSync(path.join(folder, 'bin-killed'), 0, 0)
  const commands = path.join(folder, 'commands')
  mkdirSync(commands)
  for (const name of ['apt-get', 'dpkg-deb', 'ldd']) {
    // A mirror that stalls.
    writeFileSync(
      path.join(commands, name),
      `#!/bin/sh\necho $$ >${commands}/pid\nexec sleep 1000\n`,
    )
    chmodSync(path.join(commands, name), 0o755)
  }
  const dist = await ensureBuilt()
  const child = spawn(process.execPath, ['--input-type=module', '--eval', STALL, folder], {
    cwd: dist,
    env: { ...bareEnvironment, PATH: `${commands}:${bareEnvironment.PATH}` },
  })
  const exit = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  const apt = await until('apt runs', () =>
    Number(readFileSync(path.join(commands, 'pid'), 'utf8')),
  )
  expect(isAlive(apt)).toBe(true)
  child.kill('SIGTERM')
  expect(await exit).toBe(143)
  await until('apt is gone', () => !isAlive(apt))
  expect(readdirSync(folder)).toEqual(['bin-running', 'commands'])
})

const STALL = `
import { fetchServer } from './redis/server-fetch.js'
process.on('SIGTERM', () => process.exit(143))
await fetchServer(process.argv[1] + '/bin', () => {})
`

const FIND = `
import { findServer } from './redis/server-binary.js'
const log = () => {}
for (const only of ['fetch', 'cache']) {
  console.log(JSON.stringify(await findServer({ toolsFolder: process.argv[1], only, log })))
}
`
