import {
  inspectScript,
  listScript,
  revokeScript,
  verifyScript,
} from '../../src/locks/admin/scripts.js'
import { watchScript } from '../../src/locks/events/scripts.js'
import {
  acquireScript,
  claimScript,
  downgradeScript,
  releaseScript,
  renewScript,
} from '../../src/locks/leases/scripts.js'
import {
  countScript,
  heartbeatScript,
  leaveScript,
  restoreScript,
  sweepScript,
} from '../../src/locks/queue/scripts.js'
import { removeCapacityScript, resizeScript } from '../../src/locks/semaphores/scripts.js'
import {
  endSessionScript,
  keepSessionScript,
  openSessionScript,
  showSessionScript,
} from '../../src/locks/sessions/scripts.js'
import { randomToken } from '../../src/redis/random.js'
import type { Harness } from './harness.js'

const COMMON = { floor: 0, ended_ttl_ms: 60_000 }
/** The default instance of a waiter. */
const HERE = 'here'

interface Asked {
  readonly token?: string
  readonly ttlMs?: number
  readonly waitMs?: number
  readonly maxQueue?: number
  readonly [option: string]: unknown
}

/**
 * Runs the lock scripts one by one, by default in buckets that no instance uses: only the test
 * sweeps, claims and restores.
 * @param apart the namespace
 */
export function lockScripts({ binder, namespace, lockTag }: Harness, apart = `${namespace}-apart`) {
  const key = (part: string, name: string, id = name) =>
    `ls:{${apart}:${lockTag(name)}}:${part}${id && `:${id}`}`
  const locks = (names: string | readonly string[]) => ({
    lock: [names].flat().map((name) => key('lock', name)),
  })
  const run = {
    acquire: binder.bind(acquireScript),
    claim: binder.bind(claimScript),
    release: binder.bind(releaseScript),
    renew: binder.bind(renewScript),
    downgrade: binder.bind(downgradeScript),
    restore: binder.bind(restoreScript),
    leave: binder.bind(leaveScript),
    heartbeat: binder.bind(heartbeatScript),
    sweep: binder.bind(sweepScript),
    count: binder.bind(countScript),
    inspect: binder.bind(inspectScript),
    list: binder.bind(listScript),
    verify: binder.bind(verifyScript),
    revoke: binder.bind(revokeScript),
    resize: binder.bind(resizeScript),
    removeCapacity: binder.bind(removeCapacityScript),
    watch: binder.bind(watchScript),
    open: binder.bind(openSessionScript),
    keep: binder.bind(keepSessionScript),
    show: binder.bind(showSessionScript),
    end: binder.bind(endSessionScript),
  }

  const release = (
    names: string | readonly string[],
    token: string,
    instance = 'elsewhere',
    hold: string | undefined = undefined,
  ) => run.release(locks(names), { token, instance, ...COMMON, hold })
  const claim = (names: string | readonly string[], token: string, attach = 1) =>
    run.claim(locks(names), { token, attach, ...COMMON })
  const unknown = randomToken()
  /** Redis runs calls of one turn in their order when it knows their scripts. */
  const load = async (name: string) => {
    const lock = key('lock', name, unknown)
    const one = { token: unknown, attach: 1, instance: HERE, ...COMMON }
    const unsatisfiable = {
      instance: unknown,
      ttl_ms: 1,
      attach: 1,
      ticket: 1,
      permits: 2,
      capacity: 1,
    }
    await Promise.all([
      run.release({ lock: [lock] }, { ...one, hold: undefined }),
      run.claim({ lock: [lock] }, one),
      run.leave({ lock: [lock] }, { ...one, how: 'timeout' }),
      run.restore(
        { lock: [lock] },
        { ...one, waiter: JSON.stringify(unsatisfiable), waited_ms: 0, wait_ms: 1 },
      ),
      run.heartbeat({ lock: [lock] }, { instance: unknown, token: [unknown] }),
      run.inspect({ lock }, { max: 1 }),
      run.verify({ lock }, { fence: 1, max: 1 }),
      run.sweep({ timers: key('timers', name, unknown) }, { max_locks: 1, ...COMMON }),
    ])
  }

  return {
    key,
    load,
    /** A token that holds nothing. */
    unknown,
    /**
     * Releases a lease, and claims the next in the same turn: before the two seconds for a claim
     * are over, however busy the machine.
     */
    async handOver(
      name: string,
      token: string,
      ...[names, next, attach]: Parameters<typeof claim>
    ) {
      await load(name)
      const [, claimed] = await Promise.all([release(name, token), claim(names, next, attach)])
      return claimed
    },
    async acquire(
      names: string | readonly string[],
      { token = randomToken(), ttlMs = 30_000, waitMs = 0, maxQueue, ...options }: Asked = {},
    ) {
      const record = { instance: HERE, ttl_ms: ttlMs || undefined, ...options }
      const args = { token, ttl_ms: ttlMs, wait_ms: waitMs, max_queue: maxQueue }
      const sent = { ...args, options: JSON.stringify(record), ...COMMON }
      return { token, ...(await run.acquire(locks(names), sent)) }
    },
    restore(names: string | readonly string[], { token, ...options }: Asked) {
      const record = { instance: HERE, ttl_ms: 30_000, attach: 1, ticket: 1, ...options }
      const args = { token: token as string, waiter: JSON.stringify(record) }
      return run.restore(locks(names), { ...args, waited_ms: 0, wait_ms: 60_000, ...COMMON })
    },
    claim,
    release,
    renew: (names: string | readonly string[], token: string, ttlMs: number) =>
      run.renew(locks(names), { token, ttl_ms: ttlMs, ...COMMON }),
    downgrade: (name: string, token: string) => run.downgrade(locks(name), { token, ...COMMON }),
    leave: (names: string | readonly string[], token: string, how: string, attach = 1) =>
      run.leave(locks(names), { token, attach, how, ...COMMON }),
    /** @param tokens of waiters for the one lock */
    heartbeat: (name: string, instance: string, ...tokens: string[]) =>
      run.heartbeat({ lock: tokens.map(() => key('lock', name)) }, { instance, token: tokens }),
    /** @param fence of the lease to revoke; 0 for all leases */
    revoke: (name: string, graceMs: number, fence = 0, clearDelay = false) =>
      run.revoke(locks(name), {
        reason: 'test',
        grace_ms: graceMs,
        fence,
        clear_delay: clearDelay ? 1 : 0,
        ...COMMON,
      }),
    resize: (name: string, capacity: number) =>
      run.resize(locks(name), { capacity, if_match: '', max: 9, ...COMMON }),
    removeCapacity: (name: string) =>
      run.removeCapacity({ lock: key('lock', name) }, { if_match: '' }),
    watch: (name: string, watchMs: number) =>
      run.watch(
        { lock: key('lock', name) },
        { instance: HERE, watch_ms: watchMs, after: '', max: 9 },
      ),
    sweep: (name: string) =>
      run.sweep({ timers: key('timers', name, '') }, { max_locks: 32, ...COMMON }),
    /** Of the bucket of a name. */
    count: (name: string) =>
      run.count(
        {
          timers: key('timers', name, ''),
          locks: key('locks', name, ''),
          semaphores: key('semaphores', name, ''),
          queued: key('queued', name, ''),
        },
        {},
      ),
    showSession: (name: string, id: string) =>
      run.show({ session: key('session', name, id) }, { id }),
    /** @param max the most holders and waiters to return */
    inspect: (name: string, max = 100) => run.inspect({ lock: key('lock', name) }, { max }),
    list: (name: string, index: 'locks' | 'semaphores' = 'locks') =>
      run.list({ index: key(index, name, '') }, { prefix: name, after: '', limit: 9 }),
    verify: (name: string, fence: number, max = 64) =>
      run.verify({ lock: key('lock', name) }, { fence, max }),
    /** @param name any of its locks */
    async openSession(name: string, ttlMs: number) {
      const id = `${lockTag(name).slice(1)}.${randomToken()}`
      const args = { id, token: randomToken(), ttl_ms: ttlMs, metadata: '' }
      await run.open({ session: key('session', name, id) }, args)
      return id
    },
    keepSession: (name: string, id: string) =>
      run.keep({ session: key('session', name, id) }, { id, ended_ttl_ms: 60_000 }),
    endSession: (name: string, id: string, maxLeases = 64) =>
      run.end({ session: key('session', name, id) }, { id, max_leases: maxLeases, ...COMMON }),
  }
}
