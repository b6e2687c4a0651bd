import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { startFaultProxy } from '../support/faults.js'
import { until } from '../support/until.js'

it('the fault proxy keeps the order of replies when their delay ends', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const proxy = await startFaultProxy(`redis://127.0.0.1:${port}`)
  onTestFinished(() => proxy.close())
  let text = ''
  const client = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  client.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  const replier = await until('a connection', () => sockets[0])
  replier.write('first ')
  await until('a reply', () => text === 'first ')

  proxy.delay(100)
  replier.write('second ')
  // Time for it to arrive at the proxy: otherwise neither is delayed.
  await sleep(20)
  proxy.delay(0)
  replier.write('third')

  await until('all of it', () => text.length === 'first second third'.length)
  expect(text).toBe('first second third')
})
