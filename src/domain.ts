import type { FastifyPluginAsync } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Live } from './config/reload.js'
import type { Section } from './config/sections.js'
import type { Settings } from './config/settings.js'
import type { ProblemSpecs } from './http/problems/spec.js'
import type { Scope } from './http/scopes.js'
import type { Metrics } from './metrics/registry.js'
import type { Binder } from './redis/binder.js'
import type { Connections } from './redis/connections.js'
import type { MemoryWatch } from './redis/memory.js'

/** A service's ways to Redis; one for all domains. */
export interface RedisAccess {
  readonly connections: Connections
  /** Runs scripts on the Redis that holds everything but the cache. */
  readonly binder: Binder
  /** Runs scripts on the Redis that holds the cache. */
  readonly cacheBinder: Binder
  /** The memory of the Redis that holds the locks. */
  readonly memory: MemoryWatch
  /** Microseconds added to the server's time: tests drive it, production adds none. */
  readonly clockOffsetUs: (() => number) | undefined
}

/** What a domain is given. `definitions` is its section of the configuration file. */
export interface DomainDeps<D = unknown> extends RedisAccess {
  readonly settings: Settings
  readonly metrics: Metrics
  readonly definitions: Live<D>
}

/** The client of a request that waits: whether it still listens. */
export interface Client {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** A domain while the service runs. */
export interface RunningDomain {
  /** Registered below /v1. */
  readonly routes: FastifyPluginAsync
  /** Paths outside /v1, for clients of other systems. */
  readonly compatRoutes?: FastifyPluginAsync
  /** Answers everyone who waits, before the server waits for open requests. */
  drain?(): void
  close?(): void
}

/** Everything the service must know about a domain. */
export interface Domain<S extends TSchema = TSchema> {
  /** Tag of its operations in the document. */
  readonly name: string
  /** Description of that tag. */
  readonly description: string
  /** What a token may be allowed to do here. */
  readonly scopes: readonly Scope[]
  readonly problems: ProblemSpecs
  /** Its section of the configuration file; without one, `definitions` is undefined. */
  readonly section?: Section<S> & { readonly name: string }
  create(deps: DomainDeps<Static<S>>): RunningDomain
}

/** Infers the type of the section, which `create` is given. */
export const defineDomain = <S extends TSchema>(domain: Domain<S>): Domain<S> => domain
