import type { Static } from 'typebox'
import type { GrantedNames } from './granted-names.js'
import { type PageQuery, readPage } from './pages.js'

export interface ListingOptions<C> {
  /** Names of things with settings of their own. */
  readonly configuration: {
    list(namespace: string): Promise<readonly { readonly name: string }[]>
    peek(namespace: string, name: string): unknown
  }
  /** Names of things that were written to; some may have ended. */
  readonly names: {
    list(namespace: string, prefix: string, after: string, limit: number): Promise<string[]>
    removeUnused(namespace: string, name: string): Promise<unknown>
  }
  /** What a thing holds; undefined if it holds nothing. */
  readonly contentOf: (namespace: string, name: string) => Promise<C | undefined>
}

export interface Listed<C> {
  readonly name: string
  readonly content: C | undefined
}

interface ListRequest {
  readonly namespace: string
  readonly query: Static<typeof PageQuery>
  /** Those that the caller may see. */
  readonly names: GrantedNames
}

/** Lists things that have settings, content or both, by name, in pages. */
export function createListing<C>({ configuration, names, contentOf }: ListingOptions<C>) {
  /** Undefined for a name whose thing has ended. */
  async function look(namespace: string, name: string): Promise<Listed<C> | undefined> {
    const content = await contentOf(namespace, name)
    if (content || configuration.peek(namespace, name)) return { name, content }
    await names.removeUnused(namespace, name)
    return undefined
  }

  async function read(namespace: string, prefix: string, after: string, limit: number) {
    const [used, configured] = await Promise.all([
      names.list(namespace, prefix, after, limit),
      configuration.list(namespace),
    ])
    const settled = configured
      .map(({ name }) => name)
      .filter((name) => name > after && name.startsWith(prefix))
    const all = [...new Set([...used, ...settled])].sort()
    return all.slice(0, limit).map((name) => ({ name }))
  }

  return async ({ namespace, query, names }: ListRequest) => {
    const { items, ...next } = await readPage(query, names, (...range) => read(namespace, ...range))
    const looked = await Promise.all(items.map(({ name }) => look(namespace, name)))
    return { items: looked.filter((one) => one !== undefined), ...next }
  }
}
