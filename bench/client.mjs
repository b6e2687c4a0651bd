// A client over a raw socket that makes one request at a time. Thousands of them in one process leave
// little garbage: with Node's own client, its collections would be a part of what is measured.
import { connect } from 'node:net'
import { bodyOf, more, readHead } from './load.mjs'

/** @param {string} url `http://host:port` */
export function openClient(url) {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, noDelay: true })
  let answer
  let end
  socket.on('error', (error) => end?.reject(error))
  socket.on('close', () => end?.reject(new Error('the server closed a connection')))
  socket.on('data', (chunk) => {
    answer = answer === undefined ? readHead(chunk) : more(answer, chunk, true)
    if (answer.missing > 0) return
    const { status, text } = answer
    const body = bodyOf(answer)
    answer = undefined
    if (status.startsWith('2')) end.resolve(JSON.parse(body))
    else end.reject(new Error(`answered ${status}: ${text}`))
  })
  return {
    /** @returns the answer of a POST, parsed */
    post(path, body) {
      const text = JSON.stringify(body)
      const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`
      socket.write(`${head}content-length: ${text.length}\r\n\r\n${text}`, 'latin1')
      return new Promise((resolve, reject) => {
        end = { resolve, reject }
      })
    },
    close: () => socket.destroy(),
  }
}
