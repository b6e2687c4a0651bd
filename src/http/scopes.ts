/**
 * What a token may do. `<domain>:write` includes `<domain>:read`. A domain adds its scopes in its
 * `domain.ts`, so a misspelt scope does not compile.
 */
export interface Scopes {
  'operations:read': true
  admin: true
}

export type Scope = keyof Scopes

/** Scopes outside of the domains. */
export const OWN_SCOPES: readonly Scope[] = ['operations:read', 'admin']

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a token needs for this route; `none`: open to everyone. Required. */
    scope?: Scope | 'none'
  }
}

/** The scopes of a token, with those that they include. */
export function withImplied(scopes: readonly Scope[]): ReadonlySet<Scope> {
  const reads = scopes
    .filter((scope) => scope.endsWith(':write'))
    .map((scope) => scope.replace(':write', ':read') as Scope)
  return new Set([...scopes, ...reads])
}
