import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A service that owns values, over HTTP: it counts its requests and answers as a test says. */
export interface TestOrigin {
  readonly url: string
  /** The paths that were asked for, in their order. */
  readonly paths: string[]
  /** How often a key was asked for. */
  count(key: string): number
  /** Headers of the last request. */
  headers: IncomingMessage['headers']
  /** What it answers; at first `value of <key>`. */
  answer: Answer
  /** Ends its connections and refuses new ones. */
  stop(): Promise<void>
}

export const keyIn = (path = ''): string =>
  decodeURIComponent(path.split('?', 1)[0]?.split('/').at(-1) ?? '')

export const usual: Answer = ({ url }, response) =>
  void response.setHeader('content-type', 'text/plain').end(`value of ${keyIn(url)}`)

/** Answers with a value. */
export const text =
  (value: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(value)

/** Answers with a status and nothing else. */
export const status =
  (code: number): Answer =>
  (_request, response) =>
    void response.writeHead(code).end()

/** @param port that it had before it stopped; by default a free one */
export async function startOrigin(port = 0): Promise<TestOrigin> {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    origin.paths.push(request.url ?? '')
    origin.headers = request.headers
    origin.answer(request, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const origin: TestOrigin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths: [],
    count: (key) => origin.paths.filter((path) => keyIn(path) === key).length,
    headers: {},
    answer: usual,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return origin
}

/** The same, until the end of the test. */
export async function useOrigin(): Promise<TestOrigin> {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  return origin
}
