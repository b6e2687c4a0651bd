import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isObjectName } from '../../schema/formats.js'
import type { AuthzTemplate } from '../policies/policy.js'
import { clientAddress, toSubnet } from './address.js'

/** All that a template can read of a visitor. */
export interface Visitor {
  readonly headers: IncomingHttpHeaders
  /** The address of the connection. */
  readonly remote: string | undefined
  /** What follows `/authz`, where the proxy appends the path of the visitor. */
  readonly path: string | undefined
}

export const DEFAULT_TRUSTED_HOPS = 1
export const DEFAULT_IPV6_PREFIX = 64

const MISSING = '-'

/**
 * The subject that a visitor counts as. Parts are joined by `|`; in several of them `%` and `|` are
 * percent-encoded, so that no visitor can write what looks like another's parts.
 */
export function toSubject(template: AuthzTemplate, visitor: Visitor): string {
  const values = template.key.map((part) => toValue(part, template, visitor))
  if (values.length === 1) return toKey(values[0])
  return toKey(values.map((value) => toKey(value).replace(/[%|]/g, encodeURIComponent)).join('|'))
}

/**
 * Text of a visitor as a subject. What can be none counts by its digest, and what is missing as
 * `-`: a visitor must not escape the limit by sending what cannot be counted.
 */
export function toKey(text: string | undefined): string {
  if (text === undefined || text === '') return MISSING
  if (isObjectName(text)) return text
  return `sha256:${createHash('sha256').update(text).digest('base64url')}`
}

function toValue(
  part: string,
  { trustedHops = DEFAULT_TRUSTED_HOPS, ipv6Prefix = DEFAULT_IPV6_PREFIX }: AuthzTemplate,
  { headers, remote, path }: Visitor,
): string | undefined {
  const [kind, name = ''] = part.split(':', 2)
  const header = (field: string) => {
    const value = headers[field.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : value
  }
  if (kind === 'header') return header(name)
  if (kind === 'path') return (name === '' ? path : header(name))?.split('?', 1)[0]
  const address = clientAddress(header('x-forwarded-for'), remote, trustedHops)
  return address && toSubnet(address, ipv6Prefix)
}
