import { type EventStream, toFrame } from '../../http/event-stream.js'
import { EVENTS_AGE_MS, OpenStreams } from '../../http/open-streams.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { toItem } from '../entries/answer.js'
import { toPlace } from '../entries/request.js'
import type { Entry } from '../entries/scripts.js'
import { StreamParams } from '../fields.js'
import { problemResponses } from '../problems.js'
import type { StreamRoutes } from '../services.js'
import { EventHeaders, EventsQuery, StreamEvents } from './schemas.js'

const STUCK_MS = 60_000

export const eventRoutes: StreamRoutes = async (app, { watch, metrics }) => {
  const streams = new OpenStreams(app, {
    onOpen: metrics.followerOpened,
    onEnd: metrics.followerEnded,
    maxAgeMs: EVENTS_AGE_MS,
  })
  /** Each entry is formatted once, for all listeners. */
  const frames = new WeakMap<Entry, string>()
  const frameOf = (entry: Entry): string => {
    const known = frames.get(entry)
    if (known !== undefined) return known
    const frame = toFrame(entry.event, toItem(entry), entry.id)
    frames.set(entry, frame)
    return frame
  }

  app.get(
    '/:stream/events',
    {
      exposeHeadRoute: false,
      config: { scope: 'streams:read', isStream: true },
      schema: {
        operationId: 'followStream',
        summary: 'Follow a stream',
        description:
          'A stream of server-sent events: the entries after a place, and then each entry as it is appended. A client that reconnects with `Last-Event-ID`, at any instance, goes on after that entry; `reset` says how many entries it missed, if any were dropped.',
        tags: ['streams'],
        params: StreamParams,
        querystring: EventsQuery,
        headers: EventHeaders,
        response: { 200: StreamEvents, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const after = request.headers['last-event-id'] ?? toPlace('query/after', request.query.after)
      let asked = after
      let open: EventStream | undefined
      // Opened with the first reading: until then an outage is an answer and not a cut stream.
      const stream = () => (open ??= streams.open(reply, STUCK_MS))
      const subscription = await watch({ namespace, name: params.stream }, after, {
        onBegin: ({ last, lost: { missed, oldest, newest } }) => {
          metrics.lost()
          stream().send('reset', { asked, missed, oldest, newest }, last)
          asked = last
        },
        onEvent: (entry) => {
          metrics.followed()
          asked = entry.id
          stream().write(frameOf(entry))
        },
        isBehind: () => open?.isBehind ?? false,
      })
      // A client that has no entry yet reconnects with this id, and misses none meanwhile.
      if (!open) stream().send('following', {}, subscription.cursor)
      stream().onDrain(subscription.resume)
      stream().onClose(subscription.close)
    },
  )
}
