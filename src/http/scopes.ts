/**
 * What a token may do. `<domain>:write` includes `<domain>:read`; `admin` is on its own. A domain
 * adds its scopes in its `domain.ts`, so a misspelt scope does not compile.
 */
export interface Scopes {
  'operations:read': true
  admin: true
}

export type Scope = keyof Scopes

/** Scopes of no domain. */
export const OWN_SCOPES: readonly Scope[] = ['operations:read', 'admin']

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token must hold to call this route; `none`: open to everyone. No route is without. */
    scope?: Scope | 'none'
  }
}

/** The scopes that a token holds by those it was given. */
export function withImplied(scopes: readonly Scope[]): ReadonlySet<Scope> {
  const reads = scopes
    .filter((scope) => scope.endsWith(':write'))
    .map((scope) => scope.replace(':write', ':read') as Scope)
  return new Set([...scopes, ...reads])
}
