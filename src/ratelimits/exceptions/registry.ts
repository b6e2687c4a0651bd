import type { Binder } from '../../redis/binder.js'
import { type ExceptionKind, listKeys, type Subject } from '../keys.js'
import { enlistScript, pageScript } from './scripts.js'

/** Ended subjects that one change removes at most. */
const SWEEP = 100

/** The name of a subject in the list. Each group is another slot with exceptions of its own. */
const listedName = ({ key, group = '' }: Subject): string => `${group}/${key}`

/** Names of groups hold no slash. */
function toSubject(policy: string, listed: string): Subject {
  const slash = listed.indexOf('/')
  const group = listed.slice(0, slash) || undefined
  return { name: policy, key: listed.slice(slash + 1), group, inline: false }
}

export interface Page {
  /** The present group of the policy, '' for none; absent: any group it ever had. */
  readonly group?: string | undefined
  /** Subjects of the group whose keys begin with it. */
  readonly prefix?: string
  /** Subjects of the group after this key; '' from the first on. */
  readonly after?: string
  readonly count: number
}

/**
 * The subjects of each policy that have an exception. None is missing, but some may have no exception
 * any more.
 */
export function createRegistry(binder: Binder) {
  const enlist = binder.bind(enlistScript)
  const pageOf = binder.bind(pageScript)
  /** @param forMs 0: the exception has no end */
  const note = (namespace: string, kind: ExceptionKind, subject: Subject, forMs: number) =>
    enlist(listKeys(namespace, kind, subject.name), {
      name: listedName(subject),
      for_ms: forMs,
      sweep: SWEEP,
    })
  return {
    note,
    forget: (namespace: string, kind: ExceptionKind, subject: Subject) =>
      note(namespace, kind, subject, -1),
    async page(
      namespace: string,
      kind: ExceptionKind,
      policy: string,
      { group, prefix = '', after = '', count }: Page,
    ): Promise<readonly Subject[]> {
      const { names } = listKeys(namespace, kind, policy)
      const listed = (key: string) => (group === undefined ? '' : `${group}/`) + key
      const args = { prefix: listed(prefix), after: after && listed(after), count }
      return (await pageOf({ names }, args)).map((name) => toSubject(policy, name))
    },
  }
}
