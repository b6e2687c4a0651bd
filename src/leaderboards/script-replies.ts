import { list } from '../redis/reply.js'

export const scriptFile = (name: string) => new URL(`./scripts/${name}.lua`, import.meta.url)

/** What every script of a board may answer instead of doing its work: ask once more, knowing this. */
export type Again =
  | { readonly outcome: 'other-version'; readonly version: string; readonly config: string }
  | { readonly outcome: 'other-season'; readonly nowMs: number }

export const isAgain = (reply: { readonly outcome: string }): reply is Again =>
  reply.outcome === 'other-version' || reply.outcome === 'other-season'

export type Flat = (string | number | Buffer)[]

/** Reads the first field of a reply; `read` sees the rest of a reply that did its work. */
export function decodeBoard<R>(read: (rest: Flat, status: number) => R) {
  return (reply: unknown): R | Again => {
    const [status, ...rest] = list(reply, 1)
    if (status === 0) {
      return { outcome: 'other-version', version: String(rest[0]), config: String(rest[1]) }
    }
    if (status === -1) return { outcome: 'other-season', nowMs: Number(rest[0]) }
    return read(rest, Number(status))
  }
}

export function* records(fields: Flat, width: number): Generator<Flat> {
  for (let at = 0; at < fields.length; at += width) yield fields.slice(at, at + width)
}
