import type { Binder } from '../../redis/binder.js'
import { CHANGES, changeOf } from '../changes.js'
import { exceptionKey, type Subject } from '../keys.js'
import { type Exception, exceptScript } from './scripts.js'

export interface Override {
  readonly limit: number
  /** Cost that may come at once, where the algorithm knows a burst. */
  readonly burst: number
  /** Without it the override has no end. */
  readonly ttlMs?: number | undefined
}

/** What holds for one subject of a policy alone: blocks and overrides, in the subject's slot. */
export interface ExceptionStore {
  read(namespace: string, subject: Subject): Promise<Exception>
  /** @param forMs 0 ends the block. */
  block(namespace: string, subject: Subject, forMs: number): Promise<Exception>
  override(namespace: string, subject: Subject, override: Override): Promise<Exception>
  endOverride(namespace: string, subject: Subject): Promise<Exception>
}

interface Change {
  readonly block_ms?: number
  readonly limit?: number
  readonly burst?: number
  readonly ttl_ms?: number
}

export function createExceptionStore(binder: Binder): ExceptionStore {
  const run = binder.bind(exceptScript)
  const except = (namespace: string, subject: Subject, change: Change) =>
    run(
      { exception: exceptionKey(namespace, subject) },
      { burst: 0, ttl_ms: 0, ...change, channel: CHANGES, message: changeOf(namespace, subject) },
    )

  return {
    read: (namespace, subject) => except(namespace, subject, {}),
    block: (namespace, subject, forMs) => except(namespace, subject, { block_ms: forMs }),
    override: (namespace, subject, { limit, burst, ttlMs = 0 }) =>
      except(namespace, subject, { limit, burst, ttl_ms: ttlMs }),
    endOverride: (namespace, subject) => except(namespace, subject, { limit: 0 }),
  }
}
