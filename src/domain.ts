/** What a domain provides, and what it gets. */

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
import type { RaisedFindings } from './redis/raised-findings.js'

/** Access to Redis, shared by all domains. */
export interface RedisAccess {
  readonly connections: Connections
  readonly binder: Binder
  /** For the Redis that holds the cache. */
  readonly cacheBinder: Binder
  /** The memory of the Redis that holds the locks. */
  readonly memory: MemoryWatch
  /** Findings about the Redis that holds the cache. */
  readonly raised: RaisedFindings
  /** Microseconds added to the server's time, in tests. */
  readonly clockOffsetUs: (() => number) | undefined
}

/** The dependencies of a domain. `definitions` is its section of the configuration file. */
export interface DomainDeps<D = unknown> extends RedisAccess {
  readonly settings: Settings
  readonly metrics: Metrics
  readonly definitions: Live<D>
}

/** The client of a waiting request: whether it is still connected. */
export interface Client {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** A domain of a running service. */
export interface RunningDomain {
  /** Registered below /v1. */
  readonly routes: FastifyPluginAsync
  /** For clients of other services, at their paths: only with the setting `compat`, never documented. */
  readonly compatRoutes?: FastifyPluginAsync
  /** Answers waiting requests, before the server waits for open ones. */
  drain?(): void
  close?(): void | Promise<void>
}

/** The manifest of a domain. */
export interface Domain<S extends TSchema = TSchema> {
  /** Tag of its operations in the document, with its description. */
  readonly name: string
  readonly description: string
  readonly scopes: readonly Scope[]
  readonly problems: ProblemSpecs
  /** Its section of the configuration file. */
  readonly section?: Section<S> & { readonly name: string }
  create(deps: DomainDeps<Static<S>>): RunningDomain
}

/** Infers the type of the section, which `create` gets. */
export const defineDomain = <S extends TSchema>(domain: Domain<S>): Domain<S> => domain
