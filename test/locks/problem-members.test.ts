import { expect, it } from 'vitest'
import { REQUEST_PROBLEMS } from '../../src/http/problems/request.js'
import type { ProblemSpec } from '../../src/http/problems/spec.js'
import { specs } from '../../src/locks/problems.js'
import { useHarness } from '../support/harness.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { post, held, queued, waits, release } = lockDriver(harness)

const EVERY = ['type', 'title', 'status', 'detail', 'code', 'requestId', 'retryAfterMs']
const ALL: Readonly<Record<string, ProblemSpec>> = { ...REQUEST_PROBLEMS, ...specs }

const acquire = (name: string, body: object = {}) => post(`locks/${name}/acquire`, body)
const permits = (name: string, body: object) => post(`semaphores/${name}/acquire`, body)
const revoke = (name: string) => post(`locks/${name}/revoke`, { reason: 'test', force: true })
const NAMES = ['set@a', 'set@b']
const STRANGER = 'x'.repeat(22)

/** How each code with members of its own comes about. */
const EXAMPLES = {
  'lock-held': async () => {
    await held('held', { owner: 'me', metadata: { a: 1 } })
    return acquire('held')
  },
  'lock-held for permits': async () => {
    await permits('pool', { capacity: 1 }).expect(200)
    return permits('pool', { capacity: 1 })
  },
  'wait-timeout': async () => {
    await held('late')
    return acquire('late', { waitMs: 10 })
  },
  'lock-delayed': async () => {
    await held('delayed', { lockDelayMs: 60_000 })
    await revoke('delayed').expect(200)
    return acquire('delayed')
  },
  'not-owner of a set': () => post('lock-sets/renew', { names: NAMES, token: STRANGER }),
  'capacity-mismatch': async () => {
    await permits('agreed', { capacity: 3 }).expect(200)
    return permits('agreed', { capacity: 4 })
  },
  'lease-expired': async () => {
    const { token } = await held('expired', { ttlMs: 20_000 })
    harness.advance(20_001)
    return post('locks/expired/renew', { token })
  },
  'lease-released': async () => {
    const { token } = await held('released')
    await release('released', token).expect(200)
    return post('locks/released/renew', { token })
  },
  'lease-revoked': async () => {
    const { token } = await held('revoked')
    await revoke('revoked').expect(200)
    return post('locks/revoked/renew', { token })
  },
  'lease-revoked of a set': async () => {
    const { body } = await post('lock-sets/acquire', { names: NAMES }).expect(200)
    await revoke('set@b').expect(200)
    return post('lock-sets/renew', { names: NAMES, token: body.token })
  },
  'too-many-waiters': async () => {
    const { token } = await held('full')
    const waiting = waits('full')
    await queued('full', 1)
    const refused = await acquire('full', { waitMs: 1_000, maxQueue: 1 })
    await release('full', token).expect(200)
    await waiting
    return refused
  },
}

const codeOf = (example: string) => example.split(' ')[0] as string
const membersOf = (code: string) => Object.keys(ALL[code]?.members?.properties ?? {})

it.each(Object.entries(EXAMPLES))('%s has declared members only', async (example, ask) => {
  const { body } = await ask()
  const code = codeOf(example)
  expect(body.code).toBe(code)
  const own = Object.keys(body).filter((member) => !EVERY.includes(member))
  expect(own).not.toEqual([])
  expect(membersOf(code)).toEqual(expect.arrayContaining(own))
})

it('there is an example of every code with members', () => {
  const typed = Object.keys(specs).filter((code) => membersOf(code).length > 0)
  expect(Object.keys(EXAMPLES).map(codeOf)).toEqual(expect.arrayContaining(typed))
})
