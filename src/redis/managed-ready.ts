import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 20
const PING_MS = 2_000
const LOADING_MS = 10_000

/**
 * Resolves when Redis answers at its socket, or, with the reason, when it `ended`. A Redis with much
 * data answers LOADING for long: after 10 seconds the service starts anyway and is not ready yet.
 */
export async function untilAnswering(
  socket: string,
  ended: Promise<string>,
): Promise<string | undefined> {
  let reason: string | undefined
  void ended.then((why) => {
    reason = why
  })
  const deadline = performance.now() + LOADING_MS
  while (reason === undefined) {
    const answer = await ping(socket)
    const loading = answer.startsWith('-LOADING') && performance.now() < deadline
    if (answer !== '' && !loading) return undefined
    await sleep(POLL_MS)
  }
  return reason
}

/** The answer to PING, '' without one. Any answer shows that the server is up. */
function ping(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: PING_MS })
    const end = (answer: string) => {
      resolve(answer)
      socket.destroy()
    }
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => end(String(answer)))
    socket.once('error', () => end(''))
    socket.once('timeout', () => end(''))
    socket.once('close', () => resolve(''))
  })
}
