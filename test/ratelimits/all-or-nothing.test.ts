import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const INSTANCES = 3
const CHECKS = 1_000

let instances: Harness[]
let limits: ReturnType<typeof limitDriver>
/** A thousand connections, one per request, would test the machine, not the limiter. */
const agent = new Agent({ keepAlive: true, maxSockets: 50 })

beforeAll(async () => {
  instances = await Promise.all(Array.from({ length: INSTANCES }, () => startHarness()))
  limits = limitDriver(instances[0] as Harness)
})
afterAll(async () => {
  agent.destroy()
  await Promise.all(instances.map((instance) => instance.close()))
})

interface Answer {
  readonly allowed: boolean
  readonly results: readonly { readonly allowed: boolean; readonly degraded?: string }[]
}

function check(instance: Harness, body: object): Promise<Answer> {
  const { port } = instance.app.server.address() as AddressInfo
  const headers = {
    'content-type': 'application/json',
    'lockstep-namespace': (instances[0] as Harness).namespace,
  }
  return new Promise((resolve, reject) => {
    const path = '/v1/ratelimits/check'
    const sent = request({ agent, port, method: 'POST', path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      response.on('end', () => resolve(JSON.parse(text)))
    })
    sent.on('error', reject).end(JSON.stringify(body))
  })
}

const checkAll = (body: object) =>
  Promise.all(
    Array.from({ length: CHECKS }, (_, i) => check(instances[i % INSTANCES] as Harness, body)),
  )

const HOUR_MS = 3_600_000
/** Only Redis may decide: a late answer must not fail open. */
const wide = (key: string, limit: number) => ({
  name: 'wide',
  algorithm: 'fixed-window',
  align: 'first-hit',
  onError: 'closed',
  key,
  limit,
  windowMs: HOUR_MS,
})

it('takes nothing of a limit while another one is exhausted', async () => {
  const key = randomUUID()
  const full = { ...wide(key, 1), name: 'full' }
  expect((await limits.check({ limits: [full] })).body).toMatchObject({ allowed: true })

  const answers = await checkAll({ limits: [wide(key, 10), full] })
  expect(answers.filter(({ allowed }) => allowed)).toEqual([])

  const { body } = await limits.check({ limits: [wide(key, 10)], peek: true })
  expect(body.remaining).toBe(10)
})

it('takes as much of each limit as was allowed, and no more than the tightest has', async () => {
  const key = randomUUID()
  const narrow = { ...wide(key, 70), name: 'narrow' }
  const answers = await checkAll({ limits: [wide(key, 1_000), narrow] })
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(70)

  const { body } = await limits.check({ limits: [wide(key, 1_000)], peek: true })
  expect(body.remaining).toBe(930)
})
