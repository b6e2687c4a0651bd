import { createConnection, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A TCP proxy before Redis that misbehaves on command. */
export interface FaultProxy {
  readonly url: string
  /** Drops the replies of Redis: calls are applied, but their outcome is unknown. */
  dropReplies(): void
  /** Forwards nothing in either direction, and closes no connection. */
  freeze(): void
  /** Delays replies by this time. */
  delay(ms: number): void
  /** Keeps replies until `heal`. */
  hold(): void
  /** Ends every connection and accepts no new one. */
  refuse(): void
  /** Ends every connection, and accepts new ones. */
  cut(): void
  /** Forwards everything again, and ends the connections that lost bytes. */
  heal(): void
  /** How often a text, such as the digest of a script, was sent to Redis. */
  sent(text: string): number
  close(): Promise<void>
}

type Mode = 'forward' | 'drop-replies' | 'freeze' | 'hold' | 'refuse'

/** @param target `unix:///path` or `redis://host:port` */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>()
  let mode: Mode = 'forward'
  let delayMs = 0
  const chunks: Buffer[] = []
  const held: (() => void)[] = []

  const endAll = () => {
    for (const { client, server } of pairs) {
      client.destroy()
      server.destroy()
    }
  }

  const listener = createServer((client) => {
    if (mode === 'refuse') return void client.destroy()
    const server = connectTo(target)
    const pair = { client, server }
    pairs.add(pair)
    const end = () => {
      client.destroy()
      server.destroy()
      pairs.delete(pair)
    }
    for (const socket of [client, server]) socket.on('error', end).on('close', end)

    client.on('data', (bytes: Buffer) => {
      chunks.push(bytes)
      if (mode !== 'freeze') server.write(bytes)
    })
    // Replies stay in order, also where a longer delay is followed by a shorter one.
    let last: Promise<unknown> = Promise.resolve()
    server.on('data', (bytes) => {
      const pass = () => client.writable && client.write(bytes)
      if (mode === 'hold') held.push(pass)
      if (mode !== 'forward') return
      const delayed = delayMs === 0 ? undefined : sleep(delayMs)
      last = last.then(() => delayed).then(pass)
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }

  return {
    url: `redis://127.0.0.1:${port}`,
    dropReplies: () => {
      mode = 'drop-replies'
    },
    freeze: () => {
      mode = 'freeze'
    },
    delay: (ms) => {
      delayMs = ms
    },
    hold: () => {
      mode = 'hold'
    },
    refuse() {
      mode = 'refuse'
      endAll()
    },
    cut: endAll,
    heal() {
      if (mode === 'drop-replies' || mode === 'freeze') endAll()
      mode = 'forward'
      delayMs = 0
      for (const write of held.splice(0)) write()
    },
    sent: (text) => Buffer.concat(chunks).toString('latin1').split(text).length - 1,
    close() {
      endAll()
      return new Promise((resolve) => listener.close(() => resolve()))
    },
  }
}

function connectTo(target: string): Socket {
  if (target.startsWith('unix://')) return createConnection(target.slice('unix://'.length))
  const { hostname, port } = new URL(target)
  return createConnection(Number(port || 6379), hostname)
}
