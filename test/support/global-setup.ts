import type { TestProject } from 'vitest/node'
import { startTopology, TOPOLOGIES } from './topology.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Redis of this run: `inject('redisUrl')`. Shared by all files, so never FLUSHALL. */
    redisUrl: string
    /** The same Redis with all rights; '' where `redisUrl` has them. */
    adminUrl: string
  }
}

/**
 * One real Redis for the whole run, started by the code that `npm start` uses, or the one that
 * LOCKSTEP_TEST_REDIS_URL names; LOCKSTEP_TEST_TOPOLOGY makes it a `sentinel` or `cluster` one,
 * and `acl` one that gives the service no more rights than deploy/redis/users.acl.
 * A run without Redis fails here: it proves nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.LOCKSTEP_TEST_REDIS_URL
  if (given !== undefined && given !== '') {
    project.provide('redisUrl', given)
    project.provide('adminUrl', '')
    return async () => {}
  }
  const asked = process.env.LOCKSTEP_TEST_TOPOLOGY ?? 'single'
  const kind = TOPOLOGIES.find((topology) => topology === asked)
  if (kind === undefined) throw new Error(`LOCKSTEP_TEST_TOPOLOGY is none of ${TOPOLOGIES}`)
  const servers = await startTopology(kind)
  project.provide('redisUrl', servers.url)
  project.provide('adminUrl', servers.adminUrl ?? '')
  return () => servers.stop()
}
