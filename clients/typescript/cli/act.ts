import type { Command } from 'commander'
import { note, Output } from './output.js'
import { addressOf, type Place, Service } from './service.js'

/** What a command works with. */
export interface Context {
  readonly service: Service
  readonly out: Output
  /** Calls an operation, and answers its JSON. */
  readonly call: Service['lockstep']['call']
}

/** The action of a command: its arguments, then its options with those of the program. */
export const act =
  <A extends readonly unknown[]>(work: (context: Context, ...args: A) => Promise<void> | void) =>
  async (...all: unknown[]): Promise<void> => {
    const command = all.at(-1) as Command
    const options = command.optsWithGlobals<Place & { json?: boolean }>()
    const service = new Service(addressOf(options, process.env))
    const context = { service, out: new Output(options), call: service.lockstep.call }
    await work(context, ...([...all.slice(0, -2), options] as unknown as A))
  }

/** A page of a list. */
interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string
}

/** At most `limit` items; a note says that there are more. */
export async function collect<T>(
  limit: number,
  page: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
  largest = 1_000,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const query = { limit: Math.min(largest, limit - items.length), ...(cursor && { cursor }) }
    const { items: found, nextCursor } = await page(query)
    items.push(...found)
    cursor = nextCursor
  } while (cursor !== undefined && items.length < limit)
  if (cursor !== undefined) note(`there are more than ${items.length}: raise --limit`)
  return items
}
