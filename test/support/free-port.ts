import { createServer } from 'node:net'

/** A port of 127.0.0.1 that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

const TRIES = 5

/** A port that was free may be taken before it is used: then the start is tried with another. */
export async function withFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      return await start()
    } catch (error) {
      if (i === TRIES || !String(error).includes('Address already in use')) throw error
    }
  }
}
