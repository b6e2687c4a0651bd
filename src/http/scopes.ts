/** What a token may do. `<domain>:write` includes `<domain>:read`; `admin` is on its own. */
export const SCOPES = [
  'locks:read',
  'locks:write',
  'cache:read',
  'cache:write',
  'ratelimits:read',
  'ratelimits:write',
  'leaderboards:read',
  'leaderboards:write',
  'operations:read',
  'admin',
] as const

export type Scope = (typeof SCOPES)[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token must hold to call this route; `none`: open to everybody. No route is without. */
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
