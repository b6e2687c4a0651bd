import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { EventStream } from '../../http/event-stream.js'
import { OpenStreams } from '../../http/open-streams.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { LockParams, WaitQuery } from '../fields.js'
import { type LockRouteOptions, takeGranted, takeRenewed, toRevoke } from '../leases/answer.js'
import { toOptions, ttlOf } from '../leases/request.js'
import { problemResponses } from '../problems.js'
import type { Hold } from './hold.js'
import type { Carried } from './holds.js'
import * as schemas from './schemas.js'

/** The first event of the stream. */
interface Acquired {
  readonly name: string
  readonly token: string
  readonly fence: number
  readonly expiresInMs: number
  readonly mode?: string
  readonly waitedMs?: number
  readonly holdCount?: number
}

interface Asked {
  readonly reply: FastifyReply
  readonly arrivedAt: number
}

export const holdRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (app, options) => {
  const { store, metrics, idempotencyTtlMs } = options
  const carried = new Map<EventStream, Hold>()
  const streams = new OpenStreams(app, {
    onOpen: () => metrics.streamOpened('hold'),
    onEnd: (why) => metrics.streamEnded('hold', why),
    onDrain: async (stream) => carried.get(stream)?.detach(),
  })

  app.post(
    '/:name/hold',
    {
      config: { scope: 'locks:write', isStream: true, queryFields: ['ttlMs', 'waitMs'] },
      schema: {
        operationId: 'holdLock',
        summary: 'Hold a lock while a stream is open',
        description:
          'A stream of server-sent events that is the lease: the service renews it while the connection is open, and releases it when it closes. Until the stream begins, the answers are those of `acquire`; 423 is the normal one when the lock is held. A crash closes the connection too, so `lockDelayMs` applies; `release` with the token is the clean end.',
        tags: ['locks'],
        params: LockParams,
        querystring: WaitQuery,
        body: schemas.HoldLockRequest,
        response: {
          200: schemas.HoldStream,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'lock-held',
            'wait-timeout',
            'lock-delayed',
            'not-owner',
            'mode-mismatch',
            'lease-expired',
            'lease-released',
            'lease-revoked',
            'too-many-waiters',
          ),
        },
      },
    },
    async (request, reply) => {
      const arrivedAt = performance.now()
      const { namespace, body } = request
      const { name } = request.params
      const place = { namespace, name, hold: store.holds.newId() }
      // A retry is a new connection: a key would keep the place of one that is gone.
      if (request.headers['idempotency-key'] !== undefined) {
        throw invalid(
          'header/idempotency-key',
          'is not supported here: the connection is the lease',
        )
      }
      if (body.token !== undefined) {
        const lease = { ...place, token: body.token, ttlMs: body.ttlMs ?? 0 }
        const outcome = await store.holds.take(lease)
        const { fences, expiresInMs } = takeRenewed(name, outcome, metrics)
        const fence = fences[0] as number
        const ttlMs = body.ttlMs ?? expiresInMs
        return carry(
          { ...lease, ttlMs },
          { name, token: body.token, fence, expiresInMs },
          { reply, arrivedAt },
        )
      }
      const { token: _, ...terms } = { ...body, hold: place.hold }
      const wanted = toOptions(request, terms, idempotencyTtlMs)
      const outcome = await store.acquire(namespace, [name], wanted)
      const granted = takeGranted(name, outcome, metrics, reply)
      const { fences, token, mode, expiresInMs, waitedMs, holdCount } = granted
      const fence = fences[0] as number
      const acquired = { name, token, fence, mode, expiresInMs, waitedMs, holdCount }
      return carry({ ...place, token, ttlMs: ttlOf(body) }, acquired, { reply, arrivedAt })
    },
  )

  function carry(lease: Carried, acquired: Acquired, { reply, arrivedAt }: Asked): void {
    // A client that does not read for a lease length would miss that it lost the lease.
    const stream = streams.open(reply, lease.ttlMs)
    const send = (type: string, content: object) => {
      metrics.streamed(type)
      stream.send(type, content)
    }
    // Rounded down, as `expiresInMs` is: the sum never promises more than there is.
    const certain = (expiresInMs: number) => ({
      expiresInMs,
      elapsedMs: Math.floor(performance.now() - arrivedAt),
    })
    send('acquired', { ...acquired, ...certain(acquired.expiresInMs) })
    const hold = store.holds.open(
      lease,
      {
        renewed(expiresInMs) {
          if (!stream.isBehind) send('ping', certain(expiresInMs))
        },
        revokeRequested: (request) => send('revoke-requested', toRevoke(request)),
        lost(reason) {
          if (reason === 'expired') metrics.expiredWhileHeld()
          send('lost', { reason })
          streams.end(stream, 'lost')
        },
        detached(expiresInMs) {
          const { token } = lease
          send('detach', { token, fence: acquired.fence, ...certain(expiresInMs) })
        },
      },
      acquired.expiresInMs,
    )
    carried.set(stream, hold)
    stream.onClose(() => {
      carried.delete(stream)
      store.holds.forget(lease, hold)
      void closeHold(hold, metrics)
    })
  }
}

/** The lease ends with its stream, unless it ended or moved before. */
async function closeHold(hold: Hold, metrics: LockRouteOptions['metrics']): Promise<void> {
  const outcome = await hold.close().catch(() => undefined)
  if (outcome?.kind !== 'released') return
  metrics.ended('released')
  metrics.held(outcome.heldMs / 1_000)
}
