import { Command, Option } from 'commander'
import type { components } from '../../src/api.js'
import { follow } from '../../src/events.js'
import { act, collect } from '../act.js'
import { EXIT, Failure } from '../failures.js'
import { type Output, time } from '../output.js'
import { count, duration } from '../values.js'
import { printEvents, withCount } from './follow.js'

const DAY_MS = 86_400_000

export function locksCommand(): Command {
  const locks = new Command('locks').description('locks: who holds, who waits, and giving way')
  locks.addCommand(lsCommand())
  locks.addCommand(showCommand())
  locks.addCommand(revokeCommand())
  locks.addCommand(watchCommand())
  return locks
}

const lsCommand = () =>
  new Command('ls')
    .description('list the locks that are held or queued')
    .option('--prefix <text>', 'only names that begin with this text')
    .option('--limit <n>', 'locks at most', count(1), 100)
    .action(
      act(async ({ call, out }, { prefix, limit }: { prefix?: string; limit: number }) => {
        const locks = await collect(limit, async (page) => {
          const query = { ...page, ...(prefix !== undefined && { prefix }) }
          return (await call('listLocks', { query })).json
        })
        out.show(locks, () => {
          const rows = locks.map((lock) => [lock.name, lock.holderCount, lock.queueLength])
          out.table(['NAME', 'HOLDERS', 'WAITING'], rows, 'no lock is held')
        })
      }),
    )

const showCommand = () =>
  new Command('show')
    .description('show the holders and the queue of a lock')
    .argument('<name>')
    .action(
      act(async ({ call, out }, name: string) => {
        const { json: lock } = await call('getLock', { path: { name } })
        out.show(lock, () => printLock(out, lock))
      }),
    )

type Lock = components['schemas']['Lock']

function printLock(out: Output, { name, state, holders, waiters, ...lock }: Lock): void {
  const { lastEnd, retryAfterMs, queueLength } = lock
  out.fields([
    ['lock', name],
    ['state', state],
    ['mode', lock.mode],
    ['free in', time(retryAfterMs)],
    ['last end', lastEnd && `${lastEnd.how} ${time(lastEnd.agoMs)} ago, fence ${lastEnd.fence}`],
  ])
  if (holders.length > 0) {
    out.line('')
    const rows = holders.map((one) => [
      one.owner,
      one.fence,
      time(one.heldMs),
      time(one.expiresInMs),
      one.sessionId,
    ])
    out.table(['OWNER', 'FENCE', 'HELD', 'EXPIRES IN', 'SESSION'], rows, '')
  }
  if (waiters.length > 0) {
    out.line('')
    const rows = waiters.map((one) => [one.position, one.owner, time(one.waitedMs)])
    out.table(['PLACE', 'WAITER', 'WAITED'], rows, '')
    if (queueLength > waiters.length) out.line(`and ${queueLength - waiters.length} more`)
  }
}

interface RevokeOptions {
  readonly reason: string
  readonly force?: true
  readonly grace?: number
  readonly fence?: number
  readonly clearLockDelay?: true
}

const revokeCommand = () =>
  new Command('revoke')
    .description('ask the holders to give way, or end their leases')
    .argument('<name>')
    .requiredOption('--reason <text>', 'what the holder and the log are told')
    .addOption(new Option('--force', 'end the leases now').conflicts('grace'))
    .option('--grace <time>', 'end the leases after this time', duration(1, DAY_MS))
    .option('--fence <n>', 'only the lease with this fence', count(1))
    .option('--clear-lock-delay', 'free the name at once')
    .action(
      act(async ({ call, out }, name: string, options: RevokeOptions) => {
        const { reason, force, grace, fence, clearLockDelay } = options
        const body = {
          reason,
          ...(force && { force }),
          ...(grace !== undefined && { graceMs: grace }),
          ...(fence !== undefined && { fence }),
          ...(clearLockDelay && { clearLockDelay }),
        }
        const { json } = await call('revokeLock', { path: { name }, body })
        out.show(json, () => out.line(`${json.revoked} revoked, ${json.asked} asked to give way`))
        if (json.revoked + json.asked === 0) throw new Failure(EXIT.missing)
      }),
    )

const watchCommand = () =>
  withCount(new Command('watch'))
    .description('print what happens to a lock, until it is interrupted')
    .argument('<name>')
    .action(
      act((context, name: string, { count }: { count?: number }) => {
        const events = follow(context.call, 'watchLock', { path: { name } })
        return printEvents(context, events, count, ({ event, data }) => {
          const { occurredAt, holders: _, waiters: __, ...rest } = data
          const facts = Object.entries(rest).map(([key, value]) => `${key}=${value}`)
          return [occurredAt ?? new Date().toISOString(), event, ...facts].join('  ')
        })
      }),
    )
