import { connect, type Socket } from 'node:net'
import type { Harness } from './harness.js'
import { until } from './until.js'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

/** A connection that sends exactly the bytes it is given. */
export interface RawClient {
  readonly socket: Socket
  send(text: string): void
  /** Everything received so far. */
  received(): string
  /** Resolves when the service has closed the connection. */
  closed(): Promise<void>
  /** The complete answers so far. */
  answers(): RawAnswer[]
}

export function openRaw(harness: Pick<Harness, 'app'>): RawClient {
  const { port } = harness.app.server.address() as { port: number }
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  let isClosed = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
  })
  // A reset is a normal end.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  return {
    socket,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    received: () => text,
    closed: async () => void (await until('the connection is closed', () => isClosed)),
    answers: () => toAnswers(text),
  }
}

/**
 * Sends these bytes, waits until the service has closed the connection, and returns its answers.
 */
export async function sendRaw(harness: Pick<Harness, 'app'>, bytes: string): Promise<RawAnswer[]> {
  const client = openRaw(harness)
  client.send(bytes)
  await client.closed()
  return client.answers()
}

/** Parses consecutive answers with a content-length. */
function toAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return answers
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const length = Number(headers['content-length'] ?? 0)
    const body = rest.slice(end + 4, end + 4 + length)
    if (body.length < length) return answers
    answers.push({
      status: Number(statusLine.split(' ')[1]),
      headers,
      body: body.startsWith('{') ? JSON.parse(body) : {},
    })
    rest = rest.slice(end + 4 + length)
  }
}
