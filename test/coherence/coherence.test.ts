import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Instance } from '../safety/fleet.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import { CLEAN, type Findings, isLively } from './checkers.js'
import { MUTANTS } from './mutants.js'
import { run, startCaches } from './run.js'

/** A short form of long.test.ts, which shows that each check can fail. */
const SECONDS = 5
let built = ''
beforeAll(async () => {
  built = await ensureBuilt()
})

it('three instances serve nothing that is out of date, under all faults', async () => {
  const found = await run('all of it', built, { seconds: SECONDS, isSeen: isLively })
  expect(found).toMatchObject(CLEAN)
  expect(isLively(found), JSON.stringify(found)).toBe(true)
})

it('a load whose first try reaches a stopped instance late stores no old value', async () => {
  const caches = await startCaches(built, 2)
  onTestFinished(() => caches.stop())
  const [stopped, here] = caches.instances as [Instance, Instance]
  const call = (instance: Instance, init: RequestInit = {}, query = '') =>
    fetch(`${instance.url}/v1/cache/busy/k${query}`, init)
  const ask = (instance: Instance) =>
    call(instance, { headers: { 'lockstep-lease': 'one-token-for-both-tries' } }, '?lease=true')
  const leaseOf = ({ headers }: Response) => headers.get('lockstep-lease') as string
  // Opens a connection for the first try.
  await call(stopped)

  stopped.kill('SIGSTOP')
  const first = ask(stopped)
  const second = leaseOf(await ask(here))
  expect((await call(here, { method: 'DELETE' })).status).toBe(204)
  stopped.kill('SIGCONT')
  expect(leaseOf(await first)).toMatch(/^one-token-for-both-tries\./)

  const headers = { 'lockstep-lease': second }
  expect((await call(here, { method: 'PUT', headers, body: 'old' })).status).toBe(412)
  expect((await call(here)).status).toBe(404)
})

it('finds the fault of a broken service', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'hard marks are not looked at')!
  const isSeen = (soFar: Findings) => soFar[mutant.sign] > 0
  const found = await run('no trouble', buildMutant(built, mutant), { seconds: 1, isSeen })
  expect(found[mutant.sign]).toBeGreaterThan(0)
})
