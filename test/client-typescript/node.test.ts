import { connect as connectTo, createServer } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { overSocket } from '../../clients/typescript/src/node.js'
import { useHarness } from '../support/harness.js'
import { tempFolder } from '../support/temp-folder.js'
import { connect, urlOf } from './service.js'

const harness = useHarness()

/** A unix socket that leads to the service. */
async function socketOf(): Promise<string> {
  const file = path.join(tempFolder(), 'service.sock')
  const port = Number(new URL(urlOf(harness)).port)
  const between = createServer((client) => {
    const service = connectTo(port, '127.0.0.1')
    for (const socket of [client, service]) socket.on('error', () => socket.destroy())
    client.pipe(service).pipe(client)
  })
  await new Promise<void>((resolve) => between.listen(file, resolve))
  onTestFinished(() => void between.close())
  return file
}

it('calls, and follows a stream, over a unix socket', async () => {
  const socket = await socketOf()
  const { cache, locks, streams } = connect(harness, {
    url: 'http://localhost',
    fetch: overSocket(socket),
  })
  expect(await locks.run('over-a-socket', {}, () => 'done')).toBe('done')
  await cache.put('pages', 'ä', { n: 1 })
  expect((await cache.get('pages', 'ä'))?.value).toEqual({ n: 1 })
  await cache.delete('pages', 'ä')
  await streams.append('log', [{ event: 'said', data: 1 }])
  const stop = new AbortController()
  const followed = streams.follow('log', { after: 'start', signal: stop.signal })
  expect((await followed.next()).value.data).toBe(1)
  const next = followed.next()
  stop.abort(new Error('enough'))
  await expect(next).rejects.toThrow('enough')
})

it('ends a call over a unix socket with the signal of the caller', async () => {
  const { locks } = connect(harness, {
    url: 'http://localhost',
    fetch: overSocket(await socketOf()),
  })
  const { token } = await locks.acquire('taken')
  const stop = new AbortController()
  const waiting = locks.acquire('taken', { waitMs: 60_000, signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await locks.release('taken', token)
})
