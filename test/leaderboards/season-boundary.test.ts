import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const DAY = 86_400_000
const LEAD_MS = 400

const harness = useHarness()

/** Starts the built service as a process; its scripts' clock can be set ahead of Redis. */
async function startProcess() {
  const child: ChildProcess = fork(path.join(import.meta.dirname, '../support/ahead.mjs'), {
    env: {
      PATH: process.env.PATH,
      DIST: await ensureBuilt(),
      LOCKSTEP_REDIS_URL: inject('redisUrl'),
      LOCKSTEP_REDIS_TIMEOUT_MS: `${WAIT_MS}`,
    },
  })
  onTestFinished(() => void child.kill())
  const said = () =>
    new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve(String(message)))
      child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    })
  const url = await said()
  await until('ready', async () => (await fetch(`${url}/readyz`)).ok)
  const goAhead = (ms: number) => {
    child.send(ms)
    return said()
  }
  return { url, goAhead }
}

interface Written {
  readonly member: string
  readonly season: string
  /** Start and end of the call, by the clock of the scripts. */
  readonly startedMs: number
  readonly endedMs: number
}

it('puts nothing into the wrong season, while two processes write over the boundary', async () => {
  await harness
    .request('put', '/v1/leaderboards/night')
    .send({ season: { every: 'daily' } })
    .expect(201)
  const processes = await Promise.all([startProcess(), startProcess()])
  const midnight = (Math.floor(Date.now() / DAY) + 1) * DAY
  /** Bounds of how far the clocks of both processes are ahead. */
  const ahead = { leastMs: 0, mostMs: 0 }
  const goAhead = async (ms: number) => {
    ahead.mostMs = ms
    await Promise.all(processes.map((one) => one.goAhead(ms)))
    ahead.leastMs = ms
  }

  const written: Written[] = []
  const write = async (url: string, writer: string) => {
    for (let i = 0, startedMs = 0; startedMs <= midnight; i++) {
      const member = `${writer}-${i}`
      startedMs = Date.now() + ahead.leastMs
      const response = await fetch(`${url}/v1/leaderboards/night/scores`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'lockstep-namespace': harness.namespace,
        },
        body: JSON.stringify({ entries: [{ member, score: i }] }),
      })
      expect(response.status).toBe(200)
      const { results } = (await response.json()) as { results: { seasonId: string }[] }
      written.push({
        member,
        season: results[0]!.seasonId,
        startedMs,
        endedMs: Date.now() + ahead.mostMs,
      })
    }
  }
  const writing = Promise.all(
    processes.flatMap(({ url }, at) =>
      ['a', 'b', 'c'].map((writer) => write(url, `${at}${writer}`)),
    ),
  )
  await until('a season with something in it', () => written.length >= 20)
  // Midnight comes soon; from now on time runs by itself.
  await goAhead(midnight - Date.now() - LEAD_MS)
  await writing

  const idOf = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')
  const [before, after] = [idOf(midnight - DAY), idOf(midnight)]
  for (const { season, startedMs, endedMs } of written) {
    if (endedMs < midnight) expect(season).toBe(before)
    else if (startedMs > midnight) expect(season).toBe(after)
    else expect([before, after]).toContain(season)
  }
  for (const season of [before, after]) {
    const expected = written.filter((entry) => entry.season === season)
    expect(expected.length, 'each season was written to').toBeGreaterThan(0)
    const { text } = await harness
      .request('get', `/v1/leaderboards/night/export?season=${season}`)
      .expect(200)
    const stored = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).member as string)
    expect(stored.toSorted()).toEqual(expected.map(({ member }) => member).toSorted())
  }
})
