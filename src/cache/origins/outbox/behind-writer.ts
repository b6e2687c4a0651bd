import type { CacheKey } from '../../entries/store.js'
import type { Change, WriteEnd } from '../writing/writer.js'
import type { Durability } from './durability.js'
import type { OutboxRegister } from './register.js'
import type { OutboxStore } from './store.js'

export interface BehindWriterOptions {
  readonly outbox: Pick<OutboxStore, 'put'>
  readonly durability: Pick<Durability, 'assert'>
  readonly register: Pick<OutboxRegister, 'note'>
}

/** Takes the writes of one space; a deliverer brings them to its origin later. */
export class BehindWriter {
  readonly #options: BehindWriterOptions

  constructor(options: BehindWriterOptions) {
    this.#options = options
  }

  /** @throws StoreError where Redis may lose what it takes */
  async write(key: CacheKey, change: Change): Promise<WriteEnd> {
    const { durability, outbox, register } = this.#options
    if (!key.policy.origin?.behind.anyRedis) await durability.assert()
    await register.note(key)
    const reply = await outbox.put(key, change)
    if (reply.kind !== 'created' && reply.kind !== 'replaced') return reply
    return reply.replayed ? reply : { ...reply, isPending: true }
  }
}
