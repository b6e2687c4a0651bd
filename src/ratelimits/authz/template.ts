import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isObjectName } from '../../schema/formats.js'
import type { AuthzTemplate } from '../policies/policy.js'
import { clientAddress, toAddress, toSubnet } from './address.js'
import { normalPath } from './path.js'

/** What a template can read of a visitor. */
export interface Visitor {
  readonly headers: IncomingHttpHeaders
  /** The address of the connection. */
  readonly remote: string | undefined
  /** The path after `/authz`, if the proxy appends that of the visitor. */
  readonly path: string | undefined
}

export const DEFAULT_TRUSTED_HOPS = 1
export const DEFAULT_IPV6_PREFIX = 64

const MISSING = '-'

export interface VisitorSubject {
  readonly key: string
  /** The whole address, if the key has it as a part. */
  readonly address?: string | undefined
}

/**
 * The subject of a visitor. Parts are joined by `|`. When there are several, `%` and `|` in them are
 * percent-encoded, so that no visitor can imitate the parts of another.
 */
export function toSubject(template: AuthzTemplate, visitor: Visitor): VisitorSubject {
  const { trustedHops = DEFAULT_TRUSTED_HOPS, ipv6Prefix = DEFAULT_IPV6_PREFIX } = template
  const forwardedFor = headerOf(visitor, 'x-forwarded-for')
  const text = template.key.includes('address')
    ? clientAddress(forwardedFor, visitor.remote, trustedHops)
    : undefined
  const address = text && toAddress(text)
  const values = template.key.map((part) =>
    part === 'address' ? address && toSubnet(address, ipv6Prefix) : toValue(part, visitor),
  )
  return { key: toJoined(values), address }
}

function toJoined(values: readonly (string | undefined)[]): string {
  if (values.length === 1) return toKey(values[0])
  return toKey(values.map((value) => toKey(value).replace(/[%|]/g, encodeURIComponent)).join('|'))
}

/** Parts that a visitor chooses: it gets a new count with each value, so the limit bounds nothing. */
export const chosenParts = ({ key }: AuthzTemplate): string[] =>
  key.filter((part) => part !== 'address')

/**
 * Text of a visitor as a subject. Text that is no valid key is replaced by its digest, and missing
 * text by `-`, so that no visitor escapes the limit by sending either.
 */
export function toKey(text: string | undefined): string {
  if (text === undefined || text === '') return MISSING
  if (isObjectName(text)) return text
  return `sha256:${createHash('sha256').update(text).digest('base64url')}`
}

function headerOf({ headers }: Visitor, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

function toValue(part: string, visitor: Visitor): string | undefined {
  const [kind, name = ''] = part.split(':', 2)
  const text = name === '' ? visitor.path : headerOf(visitor, name)
  return kind === 'path' && text ? normalPath(text) : text
}
