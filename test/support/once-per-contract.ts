import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, it } from 'vitest'
import { useFreshHarness } from './harness.js'
import { type Run, runProgram } from './lock-run.js'
import type { RunsUnderLock } from './run-contract.js'
import { tempFolder } from './temp-folder.js'
import { tokensYaml } from './tokens.js'
import { until } from './until.js'

const TOKEN = 'the-token-of-cron'

const HOURLY = ['--once-per', '3600', 'report', '--'] as const

async function expectNotRun({ exit, stdout, stderr }: Run, why: RegExp): Promise<void> {
  expect(await exit).toBe(0)
  expect(stdout()).toBe('')
  expect(stderr()).toMatch(why)
}

/** What holds for every program that runs a command once per period. */
export function itRunsOncePerPeriod({ command: [file, ...first], says }: RunsUnderLock): void {
  const harness = useFreshHarness({
    configFile: tokensYaml([
      { token: TOKEN, scopes: ['locks:read', 'locks:write', 'admin'] },
      { token: 'a-reader', scopes: ['locks:read'] },
    ]),
  })
  const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run =>
    runProgram(file, [...first, ...args], {
      LOCKSTEP_URL: `http://127.0.0.1:${(harness.app.server.address() as AddressInfo).port}`,
      LOCKSTEP_NAMESPACE: harness.namespace,
      LOCKSTEP_TOKEN: TOKEN,
      ...environment,
    })
  const request = (method: 'get' | 'post', rest: string) =>
    harness.request(method, `/v1/locks/${rest}`).set('authorization', `Bearer ${TOKEN}`)
  const inThisPeriod = new RegExp(
    `^${says}: not run: "report" ran in this period; again in \\d+ s\n$`,
  )

  it('runs the command once per period, however soon it ends', async () => {
    const first = run([...HOURLY, 'echo', 'ran'])
    expect(await first.exit).toBe(0)
    expect(first.stdout()).toBe('ran\n')
    await expectNotRun(run([...HOURLY, 'echo', 'ran']), inThisPeriod)
    expect((await request('get', 'report')).body).toMatchObject({ state: 'held', holders: [] })

    // 53 of 54 minutes: another machine is late.
    harness.advance(53 * 60_000)
    await expectNotRun(run([...HOURLY, 'echo', 'ran']), inThisPeriod)
    // The next period, at a machine that is early.
    harness.advance(60_000)
    const next = run([...HOURLY, 'echo', 'ran'])
    expect(await next.exit).toBe(0)
    expect(next.stdout()).toBe('ran\n')
  })

  it('begins one of those that start at the same time', async () => {
    const file = path.join(tempFolder(), 'log')
    const runs = Array.from({ length: 5 }, () => run([...HOURLY, 'sh', '-c', `echo x >>${file}`]))
    expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0, 0, 0, 0])
    expect(readFileSync(file, 'utf8')).toBe('x\n')
  })

  it('says who runs the command, and says nothing with -q', async () => {
    const { child, exit, stdout } = run([...HOURLY, 'sh', '-c', 'echo on; read line'])
    await until('it runs', () => stdout() === 'on\n')
    const under = new RegExp(`^${says}: not run: "report" runs now, under \\S+:${child.pid}\n$`)
    await expectNotRun(run([...HOURLY, 'echo', 'ran']), under)
    await expectNotRun(run(['-q', ...HOURLY, 'echo', 'ran']), /^$/)
    child.stdin?.end('\n')
    expect(await exit).toBe(0)
    await expectNotRun(run(['-q', ...HOURLY, 'echo', 'ran']), /^$/)
  })

  it('runs no second time in the period when the first run is killed, or fails', async () => {
    const { child, stdout } = run([...HOURLY, 'sh', '-c', 'echo $$; exec sleep 600'])
    const pid = await until('it runs', () => Number(stdout()))
    child.kill('SIGKILL')
    process.kill(pid, 'SIGKILL')
    const state = async () => (await request('get', 'report')).body
    await until('its lease has ended', async () => (await state()).holders.length === 0)
    await expectNotRun(run([...HOURLY, 'echo', 'ran']), inThisPeriod)

    const failing = ['--once-per', '3600', 'failing', '--']
    expect(await run([...failing, 'false']).exit).toBe(1)
    expect(await run([...failing, 'false']).exit).toBe(0)
  })

  it('keeps a command that outlasts its period from running twice at once', async () => {
    const go = path.join(tempFolder(), 'go')
    const long = ['--once-per', '10', 'long', '--']
    const work = `echo on; while [ ! -e ${go} ]; do sleep 0.1; done`
    const { exit, stdout } = run([...long, 'sh', '-c', work])
    await until('it runs', () => stdout() === 'on\n')
    harness.advance(10_000)
    const second = run([...long, 'echo', 'ran'])
    expect(await second.exit).toBe(0)
    expect(second.stderr()).toContain('"long" runs now')
    writeFileSync(go, '')
    expect(await exit).toBe(0)
    const next = run([...long, 'echo', 'next'])
    expect(await next.exit).toBe(0)
    expect(next.stdout()).toBe('next\n')
  })

  it('can be run again in the period after an operator revoked the name', async () => {
    expect(await run([...HOURLY, 'true']).exit).toBe(0)
    await request('post', 'report/revoke').send({ reason: 'again', force: true }).expect(200)
    const again = run([...HOURLY, 'echo', 'again'])
    expect(await again.exit).toBe(0)
    expect(again.stdout()).toBe('again\n')
  })

  it('has codes of its own for a lock delay, a refused token, and no service', async () => {
    await request('post', 'report/acquire').send({ lockDelayMs: 60_000 }).expect(200)
    await request('post', 'report/revoke').send({ reason: 'a crash', force: true }).expect(200)
    const delayed = run([...HOURLY, 'true'])
    expect(await delayed.exit).toBe(75)
    for (const [token, why] of [
      ['another', new RegExp(`^${says}: .+: .+`)],
      ['a-reader', /locks:write/],
    ] as const) {
      const refused = run([...HOURLY, 'true'], { LOCKSTEP_TOKEN: token })
      expect(await refused.exit).toBe(77)
      expect(refused.stderr()).toMatch(why)
    }
    const alone = run([...HOURLY, 'true'], { LOCKSTEP_URL: 'http://127.0.0.1:1' })
    expect(await alone.exit).toBe(69)
  })
}
