import type { Binder } from '../../redis/binder.js'
import { StoreError } from '../../redis/errors.js'
import { type Precondition, preconditionArg } from '../../redis/precondition.js'
import { CHANGES, changeOf, type ExceptionKind, exceptionKey, type Subject } from '../keys.js'
import { createRegistry, type Page } from './registry.js'
import { type Exception, exceptScript } from './scripts.js'

export interface Override {
  readonly limit: number
  /** gcra: cost that may come at once; absent: that of the policy. */
  readonly burst?: number | undefined
  /** Without it the override has no end. */
  readonly ttlMs?: number | undefined
}

export interface Listed {
  readonly subject: Subject
  readonly exception: Exception
}

export interface ListedPage {
  /** Those of the page that still hold. */
  readonly listed: readonly Listed[]
  /** Where there may be more behind it. */
  readonly last: Subject | undefined
}

/** What holds for one subject of a policy alone: blocks and overrides, in the subject's slot. */
export interface ExceptionStore {
  read(namespace: string, subject: Subject): Promise<Exception>
  /** @param forMs 0 ends the block. */
  block(namespace: string, subject: Subject, forMs: number): Promise<Exception>
  /** Does nothing where the precondition does not hold, which is about the override that there is. */
  override(
    namespace: string,
    subject: Subject,
    override: Override,
    when?: Precondition,
  ): Promise<Exception>
  endOverride(namespace: string, subject: Subject, when?: Precondition): Promise<Exception>
  list(namespace: string, kind: ExceptionKind, policy: string, page: Page): Promise<ListedPage>
  /**
   * Ends everything that holds for single subjects of a policy that was removed.
   * @throws StoreError outcome-unknown where that fails: the policy is gone by then.
   */
  clear(namespace: string, policy: string): Promise<void>
}

interface Change {
  readonly block_ms?: number
  readonly limit?: number
  readonly burst?: number
  readonly ttl_ms?: number
}

const KINDS: readonly ExceptionKind[] = ['overrides', 'blocks']
const CLEARED_AT_ONCE = 100

const holds = (kind: ExceptionKind, { limit, blockedUs }: Exception): boolean =>
  kind === 'overrides' ? limit > 0 : blockedUs > 0

export function createExceptionStore(binder: Binder): ExceptionStore {
  const run = binder.bind(exceptScript)
  const registry = createRegistry(binder)
  const except = (namespace: string, subject: Subject, change: Change, when?: Precondition) =>
    run(
      { exception: exceptionKey(namespace, subject) },
      {
        burst: 0,
        ttl_ms: 0,
        ...change,
        if_match: preconditionArg(when),
        channel: CHANGES,
        message: changeOf(namespace, subject),
      },
    )

  /**
   * Listed before, so that a lost answer leaves nothing that is not listed, and again afterwards, for
   * somebody may have ended another one between the two. The list is in another slot of a Cluster.
   */
  async function begin(
    namespace: string,
    kind: ExceptionKind,
    subject: Subject,
    change: Change,
    forMs: number,
    when?: Precondition,
  ) {
    await registry.note(namespace, kind, subject, forMs)
    const exception = await except(namespace, subject, change, when)
    if (exception.isHeld) {
      await registry.note(namespace, kind, subject, forMs).catch(() => undefined)
    } else await listAgain(namespace, kind, subject)
    return exception
  }

  async function end(
    namespace: string,
    kind: ExceptionKind,
    subject: Subject,
    change: Change,
    when?: Precondition,
  ) {
    const exception = await except(namespace, subject, change, when)
    await listAgain(namespace, kind, subject)
    return exception
  }

  /**
   * Lists a subject for what holds now, if anything: another caller may begin something before the
   * list forgets it. A subject that stays listed for nothing does no harm, so a fault is ignored.
   */
  async function listAgain(namespace: string, kind: ExceptionKind, subject: Subject) {
    const list = async () => {
      await registry.forget(namespace, kind, subject)
      const now = await except(namespace, subject, {})
      if (!holds(kind, now)) return
      const leftUs = kind === 'overrides' ? now.leftUs : now.blockedUs
      await registry.note(namespace, kind, subject, Math.ceil(leftUs / 1_000))
    }
    await list().catch(() => undefined)
  }

  async function clear(namespace: string, kind: ExceptionKind, policy: string): Promise<void> {
    const change = kind === 'overrides' ? { limit: 0 } : { block_ms: 0 }
    const count = CLEARED_AT_ONCE
    for (;;) {
      const subjects = await registry.page(namespace, kind, policy, { count })
      if (subjects.length === 0) return
      const ended = subjects.map(async (subject) => {
        await except(namespace, subject, change)
        await registry.forget(namespace, kind, subject)
      })
      await Promise.all(ended)
    }
  }

  return {
    read: (namespace, subject) => except(namespace, subject, {}),
    block: (namespace, subject, forMs) =>
      forMs === 0
        ? end(namespace, 'blocks', subject, { block_ms: 0 })
        : begin(namespace, 'blocks', subject, { block_ms: forMs }, forMs),
    override: (namespace, subject, { limit, burst = 0, ttlMs = 0 }, when) => {
      const change = { limit, burst, ttl_ms: ttlMs }
      return begin(namespace, 'overrides', subject, change, ttlMs, when)
    },
    endOverride: (namespace, subject, when) =>
      end(namespace, 'overrides', subject, { limit: 0 }, when),

    async list(namespace, kind, policy, page) {
      const subjects = await registry.page(namespace, kind, policy, page)
      const read = subjects.map(async (subject) => ({
        subject,
        exception: await except(namespace, subject, {}),
      }))
      const listed = (await Promise.all(read)).filter(({ exception }) => holds(kind, exception))
      return { listed, last: subjects.length === page.count ? subjects.at(-1) : undefined }
    },

    async clear(namespace, policy) {
      try {
        for (const kind of KINDS) await clear(namespace, kind, policy)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        const message = 'The policy is removed; some of its overrides and blocks may not be.'
        throw new StoreError('outcome-unknown', message)
      }
    },
  }
}
