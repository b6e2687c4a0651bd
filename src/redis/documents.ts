import type { Binder } from './binder.js'
import {
  readScript,
  removeScript,
  type Stored,
  type WriteReply,
  writeScript,
} from './documents-scripts.js'
import { redisKey } from './keys.js'
import { type Precondition, preconditionArg } from './precondition.js'
import type { PubSub } from './pub-sub.js'

/** A named thing that is configured: a rate-limit policy, a cache space. */
export interface Document<T> {
  readonly name: string
  /** Grows with every change and is never used twice; the ETag. */
  readonly version: number
  readonly value: T
  /** Stands in the configuration file, which wins over what is stored. */
  readonly inFile: boolean
}

export type PutOutcome<T> =
  | {
      readonly kind: 'created' | 'replaced' | 'unchanged'
      readonly document: Document<T>
      /** The version that stood there; 0 for none. */
      readonly before: number
    }
  | { readonly kind: 'precondition-failed' | 'too-many' | 'in-file' }

export type RemoveOutcome =
  | { readonly kind: 'removed'; readonly before: number }
  | { readonly kind: 'missing' | 'precondition-failed' | 'in-file' }

/**
 * Configuration shared by all processes. Reads come from memory; a change holds at once in the
 * process that made it and within a second elsewhere.
 */
export interface Documents<T> {
  /** What is known without asking Redis: for hot paths, which fall back to `get`. */
  peek(namespace: string, name: string): Document<T> | undefined
  /** Whether `peek` knows of every document that there was half a second ago. */
  knows(namespace: string): boolean
  /** Asks Redis before it calls a name unknown. @throws StoreError if that is not possible. */
  get(namespace: string, name: string): Promise<Document<T> | undefined>
  /** In order of their names. */
  list(namespace: string): Promise<readonly Document<T>[]>
  put(namespace: string, name: string, value: T, when?: Precondition): Promise<PutOutcome<T>>
  remove(namespace: string, name: string, when?: Precondition): Promise<RemoveOutcome>
  close(): void
}

export interface DocumentsOptions<T> {
  readonly binder: Binder
  readonly pubSub: PubSub
  /** The last part of the key `ls:{<namespace>:policies}:<part>`. */
  readonly part: string
  /** Throws on a body that this version of the program cannot use: such a document is left out. */
  readonly parse: (name: string, body: unknown) => T
  /** Documents of the configuration file; they hold in every namespace. Read again at each call. */
  readonly fromFile?: () => ReadonlyMap<string, Document<T>>
  readonly pollMs?: number
  /** How long a namespace is kept up to date that nobody asks for. */
  readonly idleMs?: number
}

/** Bounds what a process that reads a namespace for the first time is sent. */
export const MAX_DOCUMENTS = 1_000
/** The rest of the promised second is for the round trip. */
const POLL_MS = 500
const IDLE_MS = 3_600_000
/** Namespaces that are kept up to date; beyond, the one unused for longest is forgotten. */
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

  /** Least recently used namespaces stand first. */
  function touch(namespace: string): Known<T> | undefined {
    const entry = known.get(namespace)
    if (entry) {
      entry.usedAt = performance.now()
      known.delete(namespace)
      known.set(namespace, entry)
    }
    return entry
  }

  async function refresh(namespace: string): Promise<Known<T>> {
    const before = known.get(namespace)
    const reply = await scripts.read(keyOf(namespace), { known: before?.revision ?? -1 })
    if (before && reply.revision === before.revision) return before
    const documents = new Map<string, Document<T>>()
    for (const stored of reply.documents) {
      const document = toDocument(stored)
      if (document) documents.set(stored.name, document)
    }
    const usedAt = before?.usedAt ?? performance.now()
    const entry = { usedAt, revision: reply.revision, documents }
    known.set(namespace, entry)
    if (known.size > MAX_NAMESPACES) known.delete(known.keys().next().value as string)
    return entry
  }

  function toDocument({ name, version, body }: Stored): Document<T> | undefined {
    try {
      return { name, version, value: parse(name, JSON.parse(body)), inFile: false }
    } catch {
      // Written by a newer version during a rolling update; its own processes serve it.
      return undefined
    }
  }

  // In an outage the last known documents stay: a limiter that forgets its policies helps nobody.
  const refreshQuietly = (namespace: string) => void refresh(namespace).catch(() => undefined)

  const timer = setInterval(() => {
    const now = performance.now()
    for (const [namespace, { usedAt }] of known) {
      if (now - usedAt > idleMs) known.delete(namespace)
      else refreshQuietly(namespace)
    }
  }, pollMs)
  timer.unref()

  let unsubscribe = () => {}
  let closed = false
  pubSub
    .subscribe(channel, (namespace) => {
      if (known.has(namespace)) refreshQuietly(namespace)
    })
    .then(
      (end) => {
        if (closed) end()
        else unsubscribe = end
      },
      // A message only hastens what the poll finds by itself.
      () => undefined,
    )

  const peek = (namespace: string, name: string) =>
    fromFile().get(name) ?? touch(namespace)?.documents.get(name)

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

    async put(namespace, name, value, when) {
      if (fromFile().has(name)) return { kind: 'in-file' }
      const reply: WriteReply = await scripts.write(keyOf(namespace), {
        name,
        body: JSON.stringify(value),
        if_match: preconditionArg(when),
        most: MAX_DOCUMENTS,
        channel,
        message: namespace,
      })
      if (reply.outcome === 'precondition-failed' || reply.outcome === 'too-many') {
        return { kind: reply.outcome }
      }
      const document = { name, version: reply.version, value, inFile: false }
      // The revision stays as it was, so the next poll reads what others changed meanwhile.
      known.get(namespace)?.documents.set(name, document)
      return { kind: reply.outcome, document, before: reply.before }
    },

    async remove(namespace, name, when) {
      if (fromFile().has(name)) return { kind: 'in-file' }
      const reply = await scripts.remove(keyOf(namespace), {
        name,
        if_match: preconditionArg(when),
        channel,
        message: namespace,
      })
      if (reply.outcome !== 'removed') return { kind: reply.outcome }
      known.get(namespace)?.documents.delete(name)
      return { kind: 'removed', before: reply.before }
    },

    close() {
      closed = true
      clearInterval(timer)
      unsubscribe()
    },
  }
}
