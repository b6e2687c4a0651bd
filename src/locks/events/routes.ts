import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { EventStream } from '../../http/event-stream.js'
import { EVENTS_AGE_MS, OpenStreams } from '../../http/open-streams.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { toLockState } from '../admin/answer.js'
import { LockParams } from '../fields.js'
import { type LockRouteOptions, toObject } from '../leases/answer.js'
import { problemResponses } from '../problems.js'
import * as schemas from './schemas.js'
import type { LockEvent } from './scripts.js'

const STUCK_MS = 60_000

export const eventRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store, metrics },
) => {
  const streams = new OpenStreams(app, {
    onOpen: () => metrics.streamOpened('events'),
    onEnd: (why) => metrics.streamEnded('events', why),
    maxAgeMs: EVENTS_AGE_MS,
  })

  app.get(
    '/:name/events',
    {
      exposeHeadRoute: false,
      config: { scope: 'locks:read', isStream: true },
      schema: {
        operationId: 'watchLock',
        summary: 'Watch a lock',
        description:
          'A stream of server-sent events: first the state of the lock, then what happens to it. A client that reconnects with `Last-Event-ID`, at any instance, gets the events that it missed. Use events to watch and to wake up; who holds the lock is decided by `acquire`.',
        tags: ['locks'],
        params: LockParams,
        headers: schemas.EventHeaders,
        response: { 200: schemas.Events, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const after = request.headers['last-event-id'] ?? ''
      let stream: EventStream | undefined
      // Opened with the first reading: until then an outage is an answer and not a cut stream.
      const open = () => (stream ??= streams.open(reply, STUCK_MS))
      const subscription = await store.watch(request.namespace, name, after, {
        onBegin: ({ last, lock }) => {
          const type = stream || after !== '' ? 'reset' : 'watching'
          metrics.streamed(type)
          open().send(type, toLockState(name, lock), last)
        },
        onEvent: (event) => {
          metrics.streamed(event.type)
          open().send(event.type, toContent(event), event.id)
        },
        isBehind: () => stream?.isBehind ?? false,
      })
      open().onDrain(subscription.resume)
      open().onClose(subscription.close)
    },
  )
}

const toContent = ({ id, fence, owner, metadata, reason }: LockEvent) => ({
  occurredAt: new Date(Number(id.slice(0, id.indexOf('-')))).toISOString(),
  ...(fence > 0 && { fence }),
  ...(owner !== '' && { owner }),
  ...(metadata !== '' && { metadata: toObject(metadata) }),
  ...(reason !== '' && { reason }),
})
