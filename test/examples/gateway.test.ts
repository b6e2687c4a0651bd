import { execFile, spawnSync } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { until } from '../support/until.js'
import { PROJECT, useExamples } from './programs.js'

const execute = promisify(execFile)
const { inEachLanguage, serviceUrl } = useExamples()

describe('a gateway that checks a limit per user and per address', () => {
  inEachLanguage('gateway/gateway', async ({ start, out }) => {
    const { stdout } = start(['0'])
    const url = await until('it listens', () => /^(http\S+)\n/.exec(stdout())?.[1])
    const ask = (user: string) => fetch(url, { headers: { 'x-user': user } })
    const user = path.basename(out)
    // A request whose check took too long passes without the headers.
    let allowed = 0
    const denied = await until('a denial', async () => {
      const answer = await ask(user)
      if (answer.status === 429) return answer
      if (answer.headers.has('ratelimit')) allowed++
      return undefined
    })
    expect(allowed).toBeLessThanOrEqual(3)
    expect(Number(denied.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(denied.headers.get('ratelimit')).toMatch(/"per-user";r=0;t=\d+, "per-address";r=\d+/)
    expect(denied.headers.get('ratelimit-policy')).toContain('"per-user";q=3;w=60')
    expect((await ask(`other-${user}`)).status).toBe(200)
  })
})

describe('nginx that checks a limit for each visitor', () => {
  it('accepts five of eight requests', async ({ skip }) => {
    const PATH = `${process.env.PATH}:/usr/sbin`
    for (const program of ['nginx', 'python3', 'curl']) {
      if (spawnSync(program, ['--help'], { env: { PATH } }).error)
        skip(`${program} is not installed`)
    }
    const env = { ...process.env, PATH, LOCKSTEP_URL: serviceUrl() }
    const file = path.join(PROJECT, 'examples/nginx/limited.sh')
    const { stdout } = await execute('bash', [file], { env, timeout: WAIT_MS })
    const lines = stdout.trim().split('\n')
    expect(lines.map((line) => line.slice(0, 3))).toEqual([
      ...Array(5).fill('200'),
      ...Array(3).fill('429'),
    ])
    expect(lines[0]).toMatch(/left and resets in: "site";r=4;t=\d+ {2}retry after: $/)
    expect(lines[7]).toMatch(/left and resets in: "site";r=0;t=\d+ {2}retry after: \d+$/)
  })
})
