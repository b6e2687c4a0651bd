import { toObject, toRevoke } from '../leases/answer.js'
import type { LockStore } from '../store.js'

type Sessions = LockStore['sessions']
type Kept = NonNullable<Awaited<ReturnType<Sessions['keep']>>>
type Listed = Awaited<ReturnType<Sessions['list']>>['sessions'][number]

export function toKept({ expiresInMs, leaseCount, notes }: Kept) {
  const asked = notes.flatMap(({ how, name, fence, ...notice }) =>
    how ? [] : [{ name, fence, ...toRevoke(notice) }],
  )
  const ended = notes.flatMap(({ how, name, fence, reason }) =>
    how ? [{ name, fence, how, ...(reason !== '' && { reason }) }] : [],
  )
  return {
    expiresInMs,
    leaseCount,
    ...(asked.length > 0 && { revoke: asked }),
    ...(ended.length > 0 && { ended }),
  }
}

export const toSession = ({ id, ttlMs, expiresInMs, leaseCount, metadata }: Listed) => ({
  id,
  ttlMs,
  expiresInMs,
  leaseCount,
  ...(metadata !== '' && { metadata: toObject(metadata) }),
})
