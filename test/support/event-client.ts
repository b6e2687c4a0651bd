import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Harness } from './harness.js'
import { until } from './until.js'

export interface SeenEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** A client of server-sent events on a connection of its own. */
export interface EventClient {
  readonly status: number
  /** The JSON body of an answer that is not a stream. */
  readonly body: () => Readonly<Record<string, unknown>>
  readonly headers: IncomingMessage['headers']
  readonly events: readonly SeenEvent[]
  /** How many comments arrived; the service sends them to keep the connection open. */
  readonly comments: () => number
  /** Takes the next event. */
  next(): Promise<SeenEvent>
  /** Takes events until one has this name. */
  nextOf(event: string): Promise<SeenEvent>
  /** Resolves when the service has ended the answer; true if the answer is complete. */
  ended(): Promise<boolean>
  /** Stops reading, but keeps the connection. */
  pause(): void
  resume(): void
  /** Cuts the connection. */
  close(): void
}

export interface Asked {
  readonly method?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

type Server = Pick<Harness, 'app' | 'namespace'>

const portOf = ({ app }: Server) => (app.server.address() as AddressInfo).port

/** Opens a stream; resolves when the answer has begun. */
export async function openEvents(
  harness: Server,
  path: string,
  { method = 'GET', body, headers }: Asked = {},
): Promise<EventClient> {
  const asked = askEvents(harness, path, {
    method,
    ...(body && { body }),
    ...(headers && { headers }),
  })
  return listen(await asked.answer, asked.request)
}

/** The same, but returns at once, so that the test can cut the request before its answer. */
export function askEvents(harness: Server, path: string, { method = 'GET', body, headers }: Asked) {
  const asked = request({
    host: '127.0.0.1',
    port: portOf(harness),
    path,
    method,
    agent: false,
    headers: {
      'lockstep-namespace': harness.namespace,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve)
    asked.once('error', reject)
  })
  answer.catch(() => undefined)
  asked.end(body && JSON.stringify(body))
  return { request: asked, answer, client: async () => listen(await answer, asked) }
}

function listen(answer: IncomingMessage, asked: ClientRequest): EventClient {
  const events: SeenEvent[] = []
  let taken = 0
  let comments = 0
  let text = ''
  let end: boolean | undefined
  answer.setEncoding('utf8')
  answer.on('data', (chunk: string) => {
    text += chunk
    const isStream = String(answer.headers['content-type']).startsWith('text/event-stream')
    for (let at = text.indexOf('\n\n'); isStream && at >= 0; at = text.indexOf('\n\n')) {
      const block = text.slice(0, at)
      text = text.slice(at + 2)
      if (block.startsWith(':')) comments++
      else if (block.startsWith('event:')) events.push(parse(block))
    }
  })
  answer.on('end', () => (end ??= true))
  answer.on('close', () => (end ??= false))
  answer.on('error', () => (end ??= false))

  const next = () =>
    until(`event ${taken + 1} after ${events.map(({ event }) => event).join(', ')}`, () => {
      if (events.length > taken) return events[taken++]
      return undefined
    })
  return {
    status: answer.statusCode as number,
    headers: answer.headers,
    body: () => JSON.parse(text),
    events,
    comments: () => comments,
    next,
    async nextOf(name) {
      for (;;) {
        const event = await next()
        if (event.event === name) return event
      }
    },
    ended: async () => {
      await until('the end of the stream', () => end !== undefined)
      return end as boolean
    },
    pause: () => answer.pause(),
    resume: () => answer.resume(),
    close: () => asked.destroy(),
  }
}

function parse(block: string): SeenEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)] as const
    }),
  )
  return {
    event: fields.get('event') as string,
    id: fields.get('id'),
    data: JSON.parse(fields.get('data') as string),
  }
}
