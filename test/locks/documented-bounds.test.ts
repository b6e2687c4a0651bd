import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { AcquireLockRequest } from '../../src/locks/leases/schemas.js'
import { specs } from '../../src/locks/problems.js'
import { AcquirePermitsRequest } from '../../src/locks/semaphores/schemas.js'
import { KeptSession, Session } from '../../src/locks/sessions/schemas.js'

/** Reads a bound from the Lua source, because the scripts do not get it as an argument. */
function boundOf(library: string, name: string): string {
  const file = new URL(`../../src/locks/scripts/lib/${library}.lua`, import.meta.url)
  const found = readFileSync(file, 'utf8').match(new RegExp(`^local ${name} = (\\d+)$`, 'm'))
  return found?.[1] ?? `no ${name}`
}

const says = (text: string) => ({ description: expect.stringContaining(text) })

it('documents how many hold a lock together, and lets a semaphore have as many permits', () => {
  const most = boundOf('grants', 'MAX_HOLDERS')
  expect(AcquireLockRequest.properties.mode).toMatchObject(says(` at most ${most}.`))
  const { permits, capacity } = AcquirePermitsRequest.properties
  const bounded = { maximum: Number(most), ...says(` 1 to ${most}.`) }
  expect([permits, capacity]).toMatchObject([bounded, bounded])
})

it('documents how much a session carries', () => {
  const most = boundOf('carried', 'MAX_CARRIED')
  expect(specs['too-many-leases'].cause).toContain(` at most ${most} leases `)
  expect(Session.properties.names).toMatchObject(says(` at most ${most}.`))
  expect(KeptSession.properties.ended).toMatchObject(says(` At most ${most} with `))
})
