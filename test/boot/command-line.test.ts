import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, inject, it } from 'vitest'
import { parse } from 'yaml'
import { WAIT_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { ensureCli } from '../support/cli.js'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { tokensYaml } from '../support/tokens.js'
import { bareEnvironment } from '../support/unprivileged.js'
import { until } from '../support/until.js'

let main = ''
beforeAll(async () => {
  main = path.join(await ensureBuilt(), 'main.js')
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const env = { ...bareEnvironment, LOCKSTEP_PORT: '0', ...environment }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, timeout: WAIT_MS }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

it('--check-config says what is wrong and starts nothing', async () => {
  expect(await run([main, '--check-config'])).toEqual({ code: 0, stdout: '', stderr: '' })
  const bad = await run([main, '--check-config'], { LOCKSTEP_LOG_LEVEL: 'x', LOCKSTEP_PORT: 'y' })
  expect(bad.code).toBe(2)
  expect(bad.stderr).toMatch(/LOCKSTEP_PORT must be .*\nLOCKSTEP_LOG_LEVEL must be one of/)
})

it('--print-config prints the effective configuration', async () => {
  const { code, stdout } = await run([main, '--print-config'], {
    LOCKSTEP_REDIS_URL: 'redis://u:hush@db:6379',
  })
  expect([code, parse(stdout).redisUrl]).toEqual([0, 'redis://db:6379'])
  expect(stdout).not.toContain('hush')
})

it('refuses a flag it does not know', async () => {
  const { code, stderr } = await run([main, '--prot', '1'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--prot')])
})

it('warns about a variable it does not know', async () => {
  const { code, stderr } = await run([main, '--check-config'], { LOCKSTEP_PROT: '1' })
  expect([code, stderr]).toEqual([
    0,
    'LOCKSTEP_PROT is not a setting of Lockstep and is ignored.\n',
  ])
})

it('listens beyond loopback once there are tokens, as the command line makes them', async () => {
  const made = await run([await ensureCli(), 'token', 'new', 'worker-7'])
  const [, token] = /^ {2}(ls_\S+)$/m.exec(made.stdout) ?? []
  const entry = made.stdout.slice(made.stdout.indexOf('  - name'))
  const file = path.join(tempFolder(), 'tokens.yaml')
  writeFileSync(file, `tokens:\n${entry}`)

  const service = await startService({
    LOCKSTEP_HOST: '0.0.0.0',
    LOCKSTEP_TOKENS_FILE: file,
    LOCKSTEP_REDIS_URL: inject('redisUrl'),
  })
  const url = (await service.ready()).replace('0.0.0.0', '127.0.0.1')
  const status = async (bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}` }
    return (await fetch(`${url}/v1/locks/x`, { headers })).status
  }
  expect([await status('other'), await status(token!)]).toEqual([401, 200])

  writeFileSync(file, 'tokens: [1]')
  service.child.kill('SIGHUP')
  await until('the refusal', () => service.stdout().includes('configuration kept as it was'))
  expect(await status(token!)).toBe(200)

  writeFileSync(file, tokensYaml([{ token: 'other', scopes: ['locks:read'] }]))
  service.child.kill('SIGHUP')
  await until('the new token', async () => (await status('other')) === 200)
  expect(await status(token!)).toBe(401)
})

it('applies a new log level at SIGHUP, and logs that the configuration changed', async () => {
  const file = path.join(tempFolder(), 'lockstep.yaml')
  writeFileSync(file, 'logSample: 1\nlogLevel: info\n')
  const service = await startService({
    LOCKSTEP_REDIS_URL: inject('redisUrl'),
    LOCKSTEP_CONFIG_FILE: file,
  })
  const url = await service.url()
  const linesOf = (id: string) => service.stdout().includes(`"reqId":"${id}"`)
  const ask = (id: string) => fetch(`${url}/livez`, { headers: { 'x-request-id': id } })
  await ask('before')
  await until('its line', () => linesOf('before'))

  writeFileSync(file, 'logSample: 1\nlogLevel: warn\n')
  service.child.kill('SIGHUP')
  const line = await until('the reload', () =>
    service
      .stdout()
      .split('\n')
      .find((text) => text.includes('configuration.reload')),
  )
  const { before, version } = JSON.parse(line)
  expect([before, version]).toEqual([expect.stringMatching(/^[\da-f]{12}$/), expect.anything()])
  expect(before).not.toBe(version)
  await ask('quiet')

  writeFileSync(file, 'logSample: 1\nlogLevel: info\n')
  service.child.kill('SIGHUP')
  await until('a line again', async () => {
    await ask('after')
    return linesOf('after')
  })
  expect(linesOf('quiet')).toBe(false)
})
