import fc from 'fast-check'
import { Command } from 'ioredis'
import { expect, it } from 'vitest'
import { EvalCommand } from '../../src/redis/eval-command.js'

const arg = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)

it('sends the bytes that ioredis would send', () => {
  fc.assert(
    fc.property(fc.array(arg), (args) => {
      const bytesOf = (made: Command) => Buffer.from(made.toWritable({}))
      const ours = bytesOf(new EvalCommand('evalsha', args))
      expect(ours.equals(bytesOf(new Command('evalsha', args)))).toBe(true)
    }),
  )
})
