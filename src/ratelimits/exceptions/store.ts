import type { Binder } from '../../redis/binder.js'
import { StoreError } from '../../redis/errors.js'
import { isMet, type Precondition, preconditionArg } from '../../redis/precondition.js'
import { CHANGES, changeOf, type ExceptionKind, exceptionKey, type Subject } from '../keys.js'
import { createRegistry, type Page } from './registry.js'
import { type Exception, exceptScript } from './scripts.js'

export interface Override {
  readonly limit: number
  /** gcra: cost that may come at once; absent: that of the policy. */
  readonly burst?: number | undefined
  /** Without it a new override has no end, and a changed one keeps its end. */
  readonly ttlMs?: number | undefined
}

export interface SubjectException {
  readonly subject: Subject
  readonly exception: Exception
}

export interface ExceptionPage {
  /** Those of the page that still hold. */
  readonly exceptions: readonly SubjectException[]
  /** Undefined on the last page. */
  readonly last: Subject | undefined
}

interface Change {
  readonly block_ms?: number
  readonly limit?: number
  readonly burst?: number
  readonly ttl_ms?: number | undefined
}

type PatchOutcome =
  | { readonly kind: 'changed'; readonly exception: Exception }
  | { readonly kind: 'missing' | 'precondition-failed' }

const KINDS: readonly ExceptionKind[] = ['overrides', 'blocks']
/** Subjects that are cleared at once. */
const CLEAR_PAGE = { count: 100 }

const holds = (kind: ExceptionKind, { limit, blockedUs }: Exception): boolean =>
  kind === 'overrides' ? limit > 0 : blockedUs > 0

/** Exceptions of single subjects of a policy: blocks and overrides, in the slot of the subject. */
export function createExceptionStore(binder: Binder) {
  const run = binder.bind(exceptScript)
  const registry = createRegistry(binder)
  const except = (namespace: string, subject: Subject, change: Change, when?: Precondition) =>
    run(
      { exception: exceptionKey(namespace, subject) },
      {
        burst: 0,
        ...change,
        if_match: preconditionArg(when),
        channel: CHANGES,
        message: changeOf(namespace, subject),
      },
    )

  /**
   * Lists the subject before the change, so that an exception is listed even if its answer is lost,
   * and after it, because another caller may have ended an exception in between. On a Cluster the list
   * is in another slot.
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
   * Removes a subject without an exception from the list, and adds it again if another caller has begun
   * one meanwhile. A subject that stays listed without one does no harm, so errors are ignored.
   */
  async function listAgain(namespace: string, kind: ExceptionKind, subject: Subject) {
    const list = async () => {
      if (await noteHeld(namespace, kind, subject)) return
      await registry.forget(namespace, kind, subject)
      await noteHeld(namespace, kind, subject)
    }
    await list().catch(() => undefined)
  }

  /** Lists a subject that has an exception. @returns whether it has one */
  async function noteHeld(namespace: string, kind: ExceptionKind, subject: Subject) {
    const now = await except(namespace, subject, {})
    if (!holds(kind, now)) return false
    const leftUs = kind === 'overrides' ? now.leftUs : now.blockedUs
    await registry.note(namespace, kind, subject, Math.ceil(leftUs / 1_000))
    return true
  }

  async function clear(namespace: string, kind: ExceptionKind, policy: string): Promise<void> {
    const change = kind === 'overrides' ? { limit: 0 } : { block_ms: 0 }
    for (;;) {
      const subjects = await registry.page(namespace, kind, policy, CLEAR_PAGE)
      if (subjects.length === 0) return
      const ended = subjects.map(async (subject) => {
        await except(namespace, subject, change)
        await registry.forget(namespace, kind, subject)
      })
      await Promise.all(ended)
    }
  }

  return {
    read: (namespace: string, subject: Subject) => except(namespace, subject, {}),
    /** @param forMs 0 ends the block. */
    block: (namespace: string, subject: Subject, forMs: number) =>
      forMs === 0
        ? end(namespace, 'blocks', subject, { block_ms: 0 })
        : begin(namespace, 'blocks', subject, { block_ms: forMs }, forMs),
    /** @param when is about the present override; nothing changes if it does not hold. */
    override: (
      namespace: string,
      subject: Subject,
      { limit, burst = 0, ttlMs = 0 }: Override,
      when?: Precondition,
    ) => {
      const change = { limit, burst, ttl_ms: ttlMs }
      return begin(namespace, 'overrides', subject, change, ttlMs, when)
    },
    /**
     * Changes the override of a subject in one step: where another caller changed it meanwhile, `change`
     * gets that one. An error of `change` changes nothing.
     */
    async patchOverride(
      namespace: string,
      subject: Subject,
      change: (present: Exception) => Override,
      when?: Precondition,
    ): Promise<PatchOutcome> {
      for (;;) {
        const present = await except(namespace, subject, {})
        if (present.limit === 0) return { kind: 'missing' }
        if (!isMet(when, present.version)) return { kind: 'precondition-failed' }
        const { limit, burst = 0, ttlMs } = change(present)
        const forMs = ttlMs ?? Math.ceil(present.leftUs / 1_000)
        const changes = { limit, burst, ttl_ms: ttlMs }
        const { version } = present
        const exception = await begin(namespace, 'overrides', subject, changes, forMs, version)
        if (exception.isHeld) return { kind: 'changed', exception }
      }
    },
    endOverride: (namespace: string, subject: Subject, when?: Precondition) =>
      end(namespace, 'overrides', subject, { limit: 0 }, when),

    async list(
      namespace: string,
      kind: ExceptionKind,
      policy: string,
      page: Page,
    ): Promise<ExceptionPage> {
      const found = await registry.page(namespace, kind, policy, { ...page, count: page.count + 1 })
      const subjects = found.slice(0, page.count)
      const read = subjects.map(async (subject) => ({
        subject,
        exception: await except(namespace, subject, {}),
      }))
      const exceptions = (await Promise.all(read)).filter(({ exception }) => holds(kind, exception))
      return { exceptions, last: found.length > page.count ? subjects.at(-1) : undefined }
    },

    /**
     * Ends all exceptions of a policy that was removed.
     * @throws StoreError outcome-unknown if that fails: the policy does not exist any more by then.
     */
    async clear(namespace: string, policy: string): Promise<void> {
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
