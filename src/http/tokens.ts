import { hash, timingSafeEqual } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { NAMESPACE_PATTERN } from './namespace.js'
import { type Scope, withImplied } from './scopes.js'

const tokenSchema = (scopes: readonly Scope[]) =>
  Type.Object(
    {
      name: Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$',
        description: 'Shown in logs. Two tokens of one name are one caller, for rotation.',
      }),
      sha256: Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'SHA-256 of the token in hex; `npm run token -- NAME` prints both.',
      }),
      namespaces: Type.Array(Type.String({ pattern: `^\\*$|${NAMESPACE_PATTERN}` }), {
        minItems: 1,
        description: 'The namespaces it may use; "*": all.',
      }),
      scopes: Type.Array(Type.Enum([...scopes]), {
        minItems: 1,
        description: 'What it may do; `x:write` includes every other scope of x.',
      }),
    },
    { additionalProperties: false },
  )

export type Token = Static<ReturnType<typeof tokenSchema>>

/**
 * `tokens:` of the configuration file. Without it the value is undefined; an empty list refuses every
 * caller. @param scopes all scopes
 */
export const tokenSection = (scopes: readonly Scope[]) => ({
  schema: Type.Unsafe<readonly Token[] | undefined>(
    Type.Array(tokenSchema(scopes), { maxItems: 256 }),
  ),
  fileSetting: 'tokensFile' as const,
  check: (tokens: readonly Token[] = []) =>
    tokens.flatMap(({ sha256 }, at) =>
      tokens.findIndex((other) => other.sha256 === sha256) < at
        ? [{ pointer: `/${at}/sha256`, message: 'is listed twice' }]
        : [],
    ),
})

/** The owner of a token. */
export interface Caller {
  readonly name: string
  readonly namespaces: readonly string[]
  readonly scopes: ReadonlySet<Scope>
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i

/** The tokens of the configuration, as digests. */
export class Keyring {
  #entries: readonly { readonly digest: Buffer; readonly caller: Caller }[] = []
  readonly #allScopes: readonly Scope[]
  #isLocked = false

  /** @param allScopes every scope that there is: some include others */
  constructor(tokens: readonly Token[] | undefined, allScopes: readonly Scope[]) {
    this.#allScopes = allScopes
    this.replace(tokens)
  }

  /** False if tokens were never configured: every caller may do everything. */
  get isLocked(): boolean {
    return this.#isLocked
  }

  /** Finds the caller by an Authorization header. */
  find(authorization = ''): Caller | undefined {
    const [, token] = BEARER.exec(authorization) ?? []
    if (token === undefined) return undefined
    const digest = hash('sha256', token, 'buffer')
    let found: Caller | undefined
    // Compares all, each in constant time: the duration reveals nothing about a token.
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.caller
    }
    return found
  }

  /** For a reload. A list that was removed refuses every caller, rather than none. */
  replace(tokens: readonly Token[] | undefined): void {
    this.#entries = (tokens ?? []).map(({ name, sha256, namespaces, scopes }) => ({
      digest: Buffer.from(sha256, 'hex'),
      caller: { name, namespaces, scopes: withImplied(scopes, this.#allScopes) },
    }))
    this.#isLocked ||= tokens !== undefined
  }
}
