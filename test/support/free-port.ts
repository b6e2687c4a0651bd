import { createServer } from 'node:net'

/** Below the ephemeral ports of the kernel, so only tests compete for them. */
const FIRST = 10_240
const LAST = 32_767

/** Finds a port of 127.0.0.1 that is free, and most likely stays free until it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

const TRIES = 5

/** Retries the start if another process has taken its port in the meantime. */
export async function withFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      return await start()
    } catch (error) {
      if (i === TRIES || !String(error).includes('Address already in use')) throw error
    }
  }
}
