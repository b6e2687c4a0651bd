import type { Binder } from './binder.js'
import { readScript, removeScript, type Stored, writeScript } from './documents-scripts.js'
import { redisKey } from './keys.js'
import { isMet, type Precondition, preconditionArg } from './precondition.js'
import type { PubSub } from './pub-sub.js'

/** Named configuration: a rate-limit policy, a cache space. */
export interface Document<T> {
  readonly name: string
  /** Grows with every change and is never used twice; the ETag. */
  readonly version: number
  readonly value: T
  /** From the configuration file, which wins over what is stored. */
  readonly inFile: boolean
}

export type PutOutcome<T> =
  | {
      readonly kind: 'created' | 'replaced' | 'unchanged'
      readonly document: Document<T>
      /** The version before; 0 for none. */
      readonly before: number
    }
  | { readonly kind: 'precondition-failed' | 'too-many' | 'in-file' }

export type PatchOutcome<T> = PutOutcome<T> | { readonly kind: 'missing' }

export type RemoveOutcome =
  | { readonly kind: 'removed'; readonly before: number }
  | { readonly kind: 'missing' | 'precondition-failed' | 'in-file' }

/**
 * Configuration shared by all processes. Reads come from memory; a change takes effect at once in the
 * process that made it and within a second elsewhere.
 */
export interface Documents<T> {
  /** Reads memory alone: for hot paths, which fall back to `get`. */
  peek(namespace: string, name: string): Document<T> | undefined
  /** Whether `peek` finds every document that existed half a second ago. */
  knows(namespace: string): boolean
  /** Asks Redis for a name that is not in memory. @throws StoreError */
  get(namespace: string, name: string): Promise<Document<T> | undefined>
  /** By name. */
  list(namespace: string): Promise<readonly Document<T>[]>
  put(namespace: string, name: string, value: T, when?: Precondition): Promise<PutOutcome<T>>
  /**
   * Replaces a stored document by what `change` makes of it, in one atomic step: it is called again if
   * another caller changed the document meanwhile. Its errors are thrown, and nothing changes.
   */
  patch(
    namespace: string,
    name: string,
    change: (value: T) => T,
    when?: Precondition,
  ): Promise<PatchOutcome<T>>
  remove(namespace: string, name: string, when?: Precondition): Promise<RemoveOutcome>
  close(): void
}

export interface DocumentsOptions<T> {
  readonly binder: Binder
  readonly pubSub: PubSub
  /** The last part of the key `ls:{<namespace>:policies}:<part>`. */
  readonly part: string
  /** Throws on a body that this version cannot use: such a document is skipped. */
  readonly parse: (name: string, body: unknown) => T
  /** Documents of the configuration file, for every namespace. Called at each read. */
  readonly fromFile?: () => ReadonlyMap<string, Document<T>>
  readonly pollMs?: number
  /** How long an unused namespace is kept up to date. */
  readonly idleMs?: number
}

/** Bounds the first reply to a process that reads a namespace. */
export const MAX_DOCUMENTS = 1_000
/** The other half of the promised second is for the round trip. */
const POLL_MS = 500
const IDLE_MS = 3_600_000
/** Namespaces that are kept up to date; above, the least recently used is dropped. */
const MAX_NAMESPACES = 1_000

interface Known<T> {
  usedAt: number
  revision: number
  documents: Map<string, Document<T>>
}

export function createDocuments<T>(options: DocumentsOptions<T>): Documents<T> {
  const { binder, pubSub, part, parse, fromFile = () => new Map() } = options
  const { pollMs = POLL_MS, idleMs = IDLE_MS } = options
  const scripts = {
    read: binder.bind(readScript),
    write: binder.bind(writeScript),
    remove: binder.bind(removeScript),
  }
  const channel = `ls:documents:${part}`
  const known = new Map<string, Known<T>>()
  const keyOf = (namespace: string) => ({ documents: redisKey(namespace, 'policies', part) })

  /** `known` begins with the least recently used namespace. */
  function touch(namespace: string): Known<T> | undefined {
    const entry = known.get(namespace)
    if (entry) {
      entry.usedAt = performance.now()
      known.delete(namespace)
      known.set(namespace, entry)
    }
    return entry
  }

  /** @param since the revision after which memory is not up to date; -1 reads everything */
  async function refresh(
    namespace: string,
    since = known.get(namespace)?.revision ?? -1,
  ): Promise<Known<T>> {
    const before = known.get(namespace)
    const reply = await scripts.read(keyOf(namespace), { known: since })
    if (before && reply.revision === since) return before
    const documents = new Map(reply.documents.flatMap(toEntry))
    const usedAt = before?.usedAt ?? performance.now()
    const entry = { usedAt, revision: reply.revision, documents }
    known.set(namespace, entry)
    if (known.size > MAX_NAMESPACES) known.delete(known.keys().next().value as string)
    return entry
  }

  function toEntry({ name, version, body }: Stored): [string, Document<T>][] {
    try {
      return [[name, { name, version, value: parse(name, JSON.parse(body)), inFile: false }]]
    } catch {
      // A newer version wrote it during a rolling update; processes of that version serve it.
      return []
    }
  }

  // In an outage the last known documents stay in use.
  const refreshQuietly = (namespace: string) => void refresh(namespace).catch(() => undefined)

  const timer = setInterval(() => {
    const now = performance.now()
    for (const [namespace, { usedAt }] of known) {
      if (now - usedAt > idleMs) known.delete(namespace)
      else refreshQuietly(namespace)
    }
  }, pollMs)
  timer.unref()

  const onMessage = (namespace: string) => {
    if (known.has(namespace)) refreshQuietly(namespace)
  }
  // Without messages the poll finds the change later.
  pubSub.subscribe(channel, onMessage).catch(() => undefined)

  const peek = (namespace: string, name: string) =>
    fromFile().get(name) ?? touch(namespace)?.documents.get(name)

  const put: Documents<T>['put'] = async (namespace, name, value, when) => {
    if (fromFile().has(name)) return { kind: 'in-file' }
    const { outcome, version, before } = await scripts.write(keyOf(namespace), {
      name,
      body: JSON.stringify(value),
      if_match: preconditionArg(when),
      most: MAX_DOCUMENTS,
      channel,
      message: namespace,
    })
    if (outcome === 'precondition-failed' || outcome === 'too-many') return { kind: outcome }
    const document = { name, version, value, inFile: false }
    // The known revision stays, so the next poll reads what others changed in the meantime.
    known.get(namespace)?.documents.set(name, document)
    return { kind: outcome, document, before }
  }

  return {
    peek,
    knows: (namespace) => known.has(namespace),

    async get(namespace, name) {
      return peek(namespace, name) ?? (await refresh(namespace)).documents.get(name)
    },

    async list(namespace) {
      const stored = await refresh(namespace)
      const all = new Map([...stored.documents, ...fromFile()])
      return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    put,

    async patch(namespace, name, change, when) {
      if (fromFile().has(name)) return { kind: 'in-file' }
      // Written only over the version that was read: if that changed meanwhile, it is read again.
      for (;;) {
        const present = (await refresh(namespace, -1)).documents.get(name)
        if (!present) return { kind: 'missing' }
        if (!isMet(when, present.version)) return { kind: 'precondition-failed' }
        const outcome = await put(namespace, name, change(present.value), present.version)
        if (outcome.kind !== 'precondition-failed') return outcome
      }
    },

    async remove(namespace, name, when) {
      if (fromFile().has(name)) return { kind: 'in-file' }
      const { outcome, before } = await scripts.remove(keyOf(namespace), {
        name,
        if_match: preconditionArg(when),
        channel,
        message: namespace,
      })
      if (outcome !== 'removed') return { kind: outcome }
      known.get(namespace)?.documents.delete(name)
      return { kind: outcome, before }
    },

    close() {
      clearInterval(timer)
      pubSub.unsubscribe(channel, onMessage)
    },
  }
}
