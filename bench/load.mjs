// Load over raw sockets: every connection sends its next request when the answer to the last one is
// complete. It uses about a third of the CPU of a bare Fastify, checks every status, and can run a
// workload of several steps, such as acquire and release.
import { connect } from 'node:net'

/**
 * @typedef {object} Step
 * @property {string} method
 * @property {string} path `#` becomes a number that no other run of the steps has, in the body too; `~` its last digit
 * @property {unknown} [body] sent as JSON, a Buffer or text as it is; `$` becomes what the step before took
 * @property {string | ((answer: object) => string)} [take] what the next step needs of the JSON answer: a field, or the text made of it
 */

/** Names differ between runs: a lock of the last run may still be held. All have the same length. */
let runs = Date.now() % 1_000_000
const digits = (number, length) => String(number).padStart(length, '0')

/**
 * @param {string} url `http://host:port`
 * @param {readonly Step[]} steps made one after the other by every connection
 * @param {{ connections: number, seconds: number }} load
 * @returns {Promise<{ requests: number, perSecond: number, p50Ms: number, p99Ms: number }>}
 * @throws Error at the first answer that is not 2xx
 */
export async function drive(url, steps, { connections, seconds }) {
  const { hostname, port } = new URL(url)
  const plan = steps.map((step) => compile(step, `${hostname}:${port}`))
  const run = { plan, prefix: `${digits(runs++, 7)}x`, cycles: 0, took: [], ends: 0 }
  const began = performance.now()
  run.ends = began + seconds * 1_000
  await Promise.all(Array.from({ length: connections }, () => client(Number(port), hostname, run)))
  const took = Float64Array.from(run.took).sort()
  const quantile = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))]
  return {
    requests: took.length,
    perSecond: took.length / ((performance.now() - began) / 1_000),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}

const SLICE_SECONDS = 0.25

/**
 * Until V8 has compiled what the steps run: it counts calls, of which a busy machine makes few in a
 * second. The service settles after 5,000 to 15,000 requests, a shell after half as many.
 */
export async function warmUp(url, steps, { connections, requests, mostSeconds }) {
  const ends = performance.now() + mostSeconds * 1_000
  const seconds = Math.min(SLICE_SECONDS, mostSeconds)
  for (let made = 0; made < requests && performance.now() < ends; ) {
    made += (await drive(url, steps, { connections, seconds })).requests
  }
}

/** @returns a function from a number and a taken value to the bytes of the request */
function compile({ method, path, body, take }, host) {
  const isBytes = Buffer.isBuffer(body)
  const json = typeof body === 'string' ? body : JSON.stringify(body)
  const text = body === undefined || isBytes ? '' : json
  const type = isBytes ? 'application/octet-stream' : 'application/json'
  const fill = (template, number, taken) => template.replaceAll('#', number).replaceAll('$', taken)
  return {
    take,
    toRequest(number, taken) {
      const content = isBytes ? body.latin1Slice() : fill(text, number, taken)
      const headers =
        body === undefined ? '' : `content-type: ${type}\r\ncontent-length: ${content.length}\r\n`
      return `${method} ${fill(path, number, taken).replace('~', number.at(-1))} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n${content}`
    },
  }
}

/** One connection, until the run ends after the last step of a cycle. */
function client(port, host, run) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true })
    let at = 0
    let number = ''
    let taken = ''
    let sentAt = 0
    let answer

    function next() {
      if (at === 0) {
        // Each connection makes at least one cycle.
        if (number !== '' && performance.now() >= run.ends) {
          socket.end()
          return resolve()
        }
        number = run.prefix + digits(run.cycles++, 8)
      }
      answer = undefined
      sentAt = performance.now()
      socket.write(run.plan[at].toRequest(number, taken), 'latin1')
    }

    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed a connection')))
    socket.on('data', (chunk) => {
      const step = run.plan[at]
      answer = answer === undefined ? readHead(chunk) : more(answer, chunk, step.take !== undefined)
      if (answer.missing > 0) return
      if (!answer.status.startsWith('2')) {
        socket.destroy()
        return reject(new Error(`answered ${answer.status}: ${answer.text}`))
      }
      run.took.push(performance.now() - sentAt)
      if (step.take !== undefined) taken = takeOf(step.take, JSON.parse(bodyOf(answer)))
      at = (at + 1) % run.plan.length
      next()
    })
  })
}

const LENGTH = /\r\ncontent-length: (\d+)/i

/** A head is short and arrives in one piece; these servers always send Content-Length. */
export function readHead(chunk) {
  const text = chunk.latin1Slice()
  const bodyAt = text.indexOf('\r\n\r\n') + 4
  const status = text.slice(9, 12)
  const length = status === '204' || status === '304' ? 0 : Number(LENGTH.exec(text)?.[1])
  if (bodyAt < 4 || Number.isNaN(length)) throw new Error(`not understood: ${text.slice(0, 500)}`)
  return { status, text, bodyAt, missing: bodyAt + length - chunk.length }
}

export function more(answer, chunk, isRead) {
  answer.missing -= chunk.length
  if (isRead) answer.text += chunk.latin1Slice()
  return answer
}

export const bodyOf = ({ text, bodyAt }) => text.slice(bodyAt)

const takeOf = (take, answer) => (typeof take === 'string' ? answer[take] : take(answer))
