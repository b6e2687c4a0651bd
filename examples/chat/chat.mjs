// A chat channel in a web page: serves the page, and passes its two calls on to the stream of the channel.
// usage: node chat.mjs CHANNEL PORT        (Node 20, nothing to install)
import { createReadStream } from 'node:fs'
import { createServer, request as startRequest } from 'node:http'

const [channel, port] = process.argv.slice(2)
const SERVICE = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const STREAM = `${SERVICE}/v1/streams/chat-${encodeURIComponent(channel)}`
const CALLS = {
  'GET /events': `${STREAM}/events?after=start`,
  'POST /messages': `${STREAM}/entries`,
}
const PASSED_ON = ['content-type', 'content-length', 'idempotency-key', 'last-event-id']

/** Here, and not in the page: EventSource sends no token, and visitors should not have one. */
const token = process.env.LOCKSTEP_TOKEN
const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }

function passOn(url, from, to) {
  const known = PASSED_ON.filter((name) => from.headers[name] !== undefined)
  const headers = Object.fromEntries(known.map((name) => [name, from.headers[name]]))
  const call = startRequest(url, { method: from.method, headers: { ...headers, ...authorization } })
  call.on('response', (answer) => {
    // EventSource gives up at an answer such as 503. When it is cut off, it connects again.
    if (answer.statusCode >= 500) return to.destroy()
    to.writeHead(answer.statusCode, answer.headers)
    answer.pipe(to)
    answer.on('error', () => to.destroy())
  })
  call.on('error', () => to.destroy())
  to.on('close', () => call.destroy())
  from.pipe(call)
}

const server = createServer((request, response) => {
  const name = `${request.method} ${request.url}`
  if (CALLS[name]) return passOn(CALLS[name], request, response)
  if (name !== 'GET /') return response.writeHead(404).end()
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  createReadStream(new URL('index.html', import.meta.url)).pipe(response)
})

// A new page shows the newest 100 messages. A channel that has settings keeps them: 412.
const configured = await fetch(STREAM, {
  method: 'PUT',
  headers: { 'content-type': 'application/json', 'if-none-match': '*', ...authorization },
  body: JSON.stringify({ capacity: 100, maxAgeMs: 7 * 24 * 3600 * 1000 }),
})
if (!configured.ok && configured.status !== 412) throw new Error(await configured.text())
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
