// The thinnest Fastify app for a queue by each of two known libraries: BullMQ, and rsmq, which does what
// SQS does. Messages are sent, received and acknowledged one by one or in lists.
import { Queue, Worker } from 'bullmq'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import RSMQ from 'rsmq'

const socket = process.env.LOCKSTEP_REDIS_URL.replace('unix://', '')
const app = Fastify({ logger: false })
const each = (list, work) => Promise.all(list.map(work))

const connection = new Redis(socket, { maxRetriesPerRequest: null })
const queue = new Queue('bench', { connection })
const worker = new Worker('bench', null, { connection, autorun: false, lockDuration: 30_000 })
/** A worker of BullMQ keeps the job that it got, and needs it to complete it. */
const active = new Map()
const OPTIONS = { removeOnComplete: true }

app.post('/bullmq/send', async (request) => {
  const jobs = await queue.addBulk(
    request.body.messages.map((data) => ({ name: 'message', data, opts: OPTIONS })),
  )
  return { messages: jobs.map(({ id }) => ({ id })) }
})
app.post('/bullmq/receive', async (request) => {
  const jobs = await each(Array.from({ length: request.body.limit }), () =>
    worker.getNextJob('token', { block: false }),
  )
  const items = jobs.filter(Boolean).map((job) => {
    active.set(job.id, job)
    return { receipt: job.id, body: job.data.body }
  })
  return { items }
})
app.post('/bullmq/settle', async (request) => {
  const results = await each(request.body.ack, async (receipt) => {
    await active.get(receipt).moveToCompleted('', 'token', false)
    active.delete(receipt)
    return { receipt, status: 'acked' }
  })
  return { results }
})

const rsmq = new RSMQ({ path: socket })
const qname = 'bench'
await rsmq.createQueueAsync({ qname, maxsize: 65_536 })

app.post('/rsmq/send', async (request) => {
  const ids = await each(request.body.messages, ({ body }) =>
    rsmq.sendMessageAsync({ qname, message: body }),
  )
  return { messages: ids.map((id) => ({ id })) }
})
app.post('/rsmq/receive', async (request) => {
  const found = await each(Array.from({ length: request.body.limit }), () =>
    rsmq.receiveMessageAsync({ qname }),
  )
  const items = found
    .filter(({ id }) => id)
    .map(({ id, message }) => ({ receipt: id, body: message }))
  return { items }
})
app.post('/rsmq/settle', async (request) => {
  const results = await each(request.body.ack, async (id) => {
    await rsmq.deleteMessageAsync({ qname, id })
    return { receipt: id, status: 'acked' }
  })
  return { results }
})

process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.on('SIGTERM', () => process.exit(0))
