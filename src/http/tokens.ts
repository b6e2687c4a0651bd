import { hash, timingSafeEqual } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { NAMESPACE_PATTERN } from './namespace.js'
import { type Scope, withImplied } from './scopes.js'

const tokenSchema = (scopes: readonly Scope[]) =>
  Type.Object(
    {
      name: Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$',
        description: 'Stands in logs. Two tokens of one name are one caller: so they are rotated.',
      }),
      sha256: Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'SHA-256 of the token in hex; `npm run token -- NAME` prints both.',
      }),
      namespaces: Type.Array(Type.String({ pattern: `^\\*$|${NAMESPACE_PATTERN}` }), {
        minItems: 1,
        description: 'Where it may work; "*" is everywhere.',
      }),
      scopes: Type.Array(Type.Enum([...scopes]), {
        minItems: 1,
        description: 'What it may do; `x:write` includes `x:read`.',
      }),
    },
    { additionalProperties: false },
  )

export type Token = Static<ReturnType<typeof tokenSchema>>

/**
 * `tokens:` of the configuration file. Undefined where nothing says anything of tokens: an empty list
 * lets nobody in. @param scopes all that there are
 */
export const tokenSection = (scopes: readonly Scope[]) => ({
  schema: Type.Unsafe<readonly Token[] | undefined>(
    Type.Array(tokenSchema(scopes), { maxItems: 256 }),
  ),
  fileSetting: 'tokensFile' as const,
  check: (tokens: readonly Token[] = []) =>
    tokens.flatMap(({ sha256 }, at) =>
      tokens.findIndex((other) => other.sha256 === sha256) < at
        ? [{ pointer: `/${at}/sha256`, message: 'stands there twice' }]
        : [],
    ),
})

/** Who calls, and what that caller may do. */
export interface Caller {
  readonly name: string
  readonly namespaces: readonly string[]
  readonly scopes: ReadonlySet<Scope>
}

/** The tokens of the configuration. Only their digests are known here. */
export interface Keyring {
  /** False as long as nothing was ever said of tokens: then everybody may do everything. */
  isLocked(): boolean
  /** The caller of an Authorization header, if its token is known. */
  find(authorization: string | undefined): Caller | undefined
  /** After a reload. No list, where there was one, lets nobody in, rather than everybody. */
  replace(tokens: readonly Token[] | undefined): void
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i

export function createKeyring(tokens: readonly Token[] | undefined): Keyring {
  let entries: { digest: Buffer; caller: Caller }[] = []
  let locked = false
  const keyring: Keyring = {
    isLocked: () => locked,
    find(authorization = '') {
      const [, token] = BEARER.exec(authorization) ?? []
      if (token === undefined) return undefined
      const digest = hash('sha256', token, 'buffer')
      let found: Caller | undefined
      // All of them, each in constant time: how long it takes tells nothing about any token.
      for (const entry of entries) {
        if (timingSafeEqual(entry.digest, digest)) found = entry.caller
      }
      return found
    },
    replace(fresh) {
      entries = (fresh ?? []).map(({ name, sha256, namespaces, scopes }) => ({
        digest: Buffer.from(sha256, 'hex'),
        caller: { name, namespaces, scopes: withImplied(scopes) },
      }))
      locked ||= fresh !== undefined
    },
  }
  keyring.replace(tokens)
  return keyring
}
