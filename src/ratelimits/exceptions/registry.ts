import type { Binder } from '../../redis/binder.js'
import { type ExceptionKind, listKeys, type Subject } from '../keys.js'
import { enlistScript, pageScript } from './scripts.js'

/** What has ended is forgotten with the next change: this many at a time. */
const SWEEP = 100

/** A subject as it is listed: groups are other slots, in which other exceptions hold. */
const nameOf = ({ key, group = '' }: Subject): string => `${group}/${key}`

/** Names of groups hold no slash. */
function toSubject(policy: string, listed: string): Subject {
  const slash = listed.indexOf('/')
  const group = listed.slice(0, slash) || undefined
  return { name: policy, key: listed.slice(slash + 1), group, inline: false }
}

/**
 * Which subjects of a policy something holds for alone. It may name some for which nothing holds any
 * more, and misses none.
 */
export interface Registry {
  /** @param forMs 0 without an end. */
  note(namespace: string, kind: ExceptionKind, subject: Subject, forMs: number): Promise<unknown>
  forget(namespace: string, kind: ExceptionKind, subject: Subject): Promise<unknown>
  page(
    namespace: string,
    kind: ExceptionKind,
    policy: string,
    page: Page,
  ): Promise<readonly Subject[]>
}

export interface Page {
  /** Of the policy now, '' for none; absent: whatever group it had. */
  readonly group?: string | undefined
  /** Subjects of this group behind this key. */
  readonly afterKey?: string | undefined
  readonly count: number
}

export function createRegistry(binder: Binder): Registry {
  const enlist = binder.bind(enlistScript)
  const pageOf = binder.bind(pageScript)
  return {
    note: (namespace, kind, subject, forMs) =>
      enlist(listKeys(namespace, kind, subject.name), {
        name: nameOf(subject),
        for_ms: forMs,
        sweep: SWEEP,
      }),
    forget: (namespace, kind, subject) =>
      enlist(listKeys(namespace, kind, subject.name), {
        name: nameOf(subject),
        for_ms: -1,
        sweep: SWEEP,
      }),
    async page(namespace, kind, policy, { group, afterKey, count }) {
      const { names } = listKeys(namespace, kind, policy)
      const prefix = group === undefined ? '' : `${group}/`
      const args = { prefix, after: afterKey === undefined ? '' : prefix + afterKey, count }
      return (await pageOf({ names }, args)).map((name) => toSubject(policy, name))
    },
  }
}
