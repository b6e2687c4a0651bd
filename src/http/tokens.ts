import { hash, timingSafeEqual } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { NAMESPACE_PATTERN } from './namespace.js'
import { type GrantedScopes, grantsOf, isOfDomain, type Scope, splitScope } from './scopes.js'

const TokenSchema = Type.Object(
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
    scopes: Type.Array(Type.String(), {
      minItems: 1,
      maxItems: 256,
      description:
        'What it may do; `x:write` includes every other scope of x. `x:write:NAME` holds for this name only, `x:write:jobs/*` for names that begin with `jobs/`, or for all below the space or policy `jobs`.',
    }),
    expiresAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When it ends, as in RFC 3339. Default: never.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type Token = Static<typeof TokenSchema>

/**
 * `tokens:` of the configuration file. Without it the value is undefined; an empty list refuses every
 * caller. @param scopes all scopes
 */
export const tokenSection = (scopes: readonly Scope[]) => ({
  schema: Type.Unsafe<readonly Token[] | undefined>(Type.Array(TokenSchema, { maxItems: 256 })),
  fileSetting: 'tokensFile' as const,
  check: (tokens: readonly Token[] = []) =>
    tokens.flatMap((token, at) => [
      ...(tokens.findIndex(({ sha256 }) => sha256 === token.sha256) < at
        ? [{ pointer: `/${at}/sha256`, message: 'is listed twice' }]
        : []),
      ...token.scopes.flatMap((text, i) => {
        const message = scopeFault(text, scopes)
        return message === undefined ? [] : [{ pointer: `/${at}/scopes/${i}`, message }]
      }),
    ]),
})

function scopeFault(text: string, all: readonly string[]): string | undefined {
  const { scope, names } = splitScope(text)
  if (!all.includes(scope)) {
    return `must be one of ${all.join(', ')}, or one of a domain with names: locks:write:jobs/*`
  }
  if (names === undefined) return undefined
  if (!isOfDomain(scope)) return 'cannot be narrowed to names'
  return names === '' || names === '*'
    ? 'must have a name or a beginning of names at its end'
    : undefined
}

/** The owner of a token. */
export interface Caller {
  readonly name: string
  readonly namespaces: readonly string[]
  readonly scopes: GrantedScopes
  /** Milliseconds since 1970; infinite for a token that does not end. */
  readonly endsAtMs: number
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
    this.#entries = (tokens ?? []).map(({ name, sha256, namespaces, scopes, expiresAt }) => ({
      digest: Buffer.from(sha256, 'hex'),
      caller: {
        name,
        namespaces,
        scopes: grantsOf(scopes, this.#allScopes),
        endsAtMs: expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
      },
    }))
    this.#isLocked ||= tokens !== undefined
  }

  /** The next end of a token, by name; the last one of a name whose tokens have all ended. */
  nextEnds(nowMs: number): ReadonlyMap<string, number> {
    const ends = new Map<string, number>()
    for (const { caller } of this.#entries) {
      const { name, endsAtMs } = caller
      if (endsAtMs === Number.POSITIVE_INFINITY) continue
      const other = ends.get(name) ?? endsAtMs
      const [first, last] = other < endsAtMs ? [other, endsAtMs] : [endsAtMs, other]
      ends.set(name, first > nowMs ? first : last)
    }
    return ends
  }
}
