import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { toMetadata } from '../../http/metadata.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import {
  type LockRouteOptions,
  takeChanged,
  takeGranted,
  takeReleased,
  takeRenewed,
} from '../leases/answer.js'
import { toOptions } from '../leases/request.js'
import { acquireProblems, releaseProblems, renewProblems } from '../problems.js'
import * as schemas from './schemas.js'

export const lockSetRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (app, options) => {
  const { store, metrics, idempotencyTtlMs } = options

  app.post(
    '/acquire',
    {
      config: { scope: 'locks:write', names: namesOf },
      schema: {
        operationId: 'acquireLockSet',
        summary: 'Acquire several locks, all or nothing',
        description:
          'Takes up to 32 locks under one token, at once or after waiting in all their queues for up to `waitMs`. Sets never deadlock, also when they name their locks in different orders. 423 is the normal answer when one of them is held; then none is taken. On Redis Cluster the names must share the part before `@`.',
        tags: ['locks'],
        headers: IdempotencyHeaders,
        body: schemas.AcquireLockSetRequest,
        response: { 200: schemas.LockSetLease, ...acquireProblems() },
      },
    },
    async (request, reply) => {
      const { names, ...terms } = request.body
      const wanted = toOptions(request, terms, idempotencyTtlMs)
      const outcome = await store.acquire(request.namespace, names, wanted)
      const granted = takeGranted(names, outcome, metrics, reply)
      const { token, fences, expiresInMs, waitedMs } = granted
      return { token, fences: byName(names, fences), expiresInMs, waitedMs }
    },
  )

  app.post(
    '/renew',
    {
      config: { scope: 'locks:write', served: 'lease', names: namesOf },
      schema: {
        operationId: 'renewLockSet',
        summary: 'Extend the leases of a lock set',
        description:
          'Extends the leases on all names from now on, or on none. 410 names those that are `lost`; the others are still held until they are released or expire.',
        tags: ['locks'],
        body: schemas.RenewLockSetRequest,
        response: { 200: schemas.RenewedLockSet, ...renewProblems('cross-slot') },
      },
    },
    async ({ namespace, body: { names, token, ttlMs = 0 } }) => {
      const outcome = await store.renew(namespace, names, token, ttlMs)
      const { fences, expiresInMs } = takeRenewed(names, outcome, metrics)
      return { fences: byName(names, fences), expiresInMs }
    },
  )

  app.post(
    '/metadata',
    {
      config: { scope: 'locks:write', served: 'lease', names: namesOf },
      schema: {
        operationId: 'setLockSetMetadata',
        summary: 'Change the metadata of the leases of a lock set',
        description:
          'Replaces the metadata that others see of the leases on all names, or of none; they end when they did before. Watchers of the events of each name get `changed`, unless the metadata is the same. 410 names those that are `lost`; the others are still held until they are released or expire.',
        tags: ['locks'],
        body: schemas.SetLockSetMetadataRequest,
        response: { 200: schemas.ChangedLockSet, ...renewProblems('cross-slot') },
      },
    },
    async ({ namespace, body: { names, token, metadata } }) => {
      const text = toMetadata(metadata, 'body/metadata')
      const outcome = await store.setMetadata(namespace, names, token, text)
      return { fences: byName(names, takeChanged(names, outcome, metrics)) }
    },
  )

  app.post(
    '/release',
    {
      config: { scope: 'locks:write', served: 'lease', names: namesOf },
      schema: {
        operationId: 'releaseLockSet',
        summary: 'Release the locks of a lock set',
        description:
          'Ends the leases on all names, and serves those who wait. A repeat is answered, not refused. 410 names those that were `lost` before; the others are released all the same.',
        tags: ['locks'],
        body: schemas.ReleaseLockSetRequest,
        response: { 200: schemas.ReleasedLockSet, ...releaseProblems('cross-slot') },
      },
    },
    async ({ namespace, body: { names, token } }) => {
      const outcome = await store.release(namespace, names, token)
      const done = takeReleased(names, outcome, metrics)
      if (!done.released) return { released: false, replayed: true }
      return { released: true, fences: byName(names, done.fences), heldMs: done.heldMs }
    },
  )
}

const byName = (names: readonly string[], fences: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, fences[i] as number]))

const namesOf = ({ body }: FastifyRequest) => (body as { readonly names: readonly string[] }).names
