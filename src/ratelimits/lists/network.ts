import { isIP } from 'node:net'
import { toGroups } from '../authz/address.js'

/** An address and its prefix length; a single address has the full length. */
export interface Network {
  readonly family: 4 | 6
  readonly bits: bigint
  readonly length: number
}

const WIDTH = { 4: 32, 6: 128 } as const

/**
 * `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`; undefined for other text. IPv4-mapped IPv6
 * (`::ffff:192.0.2.7`) is IPv4: which of the two a proxy writes only depends on its socket.
 */
export function toNetwork(text: string): Network | undefined {
  const [address, length, ...surplus] = text.split('/') as [string, ...string[]]
  const family = isIP(address)
  if (family === 0 || surplus.length > 0) return undefined
  const whole = family === 4 ? ipv4(address) : ipv6(address)
  if (length === undefined) return whole
  const inner = family === 6 && whole.family === 4 ? 96 : 0
  const count = Number(length) - inner
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || count < 0 || count > whole.length) return undefined
  return { ...whole, length: count }
}

/** An address with an invalid prefix length. */
export const isBrokenNetwork = (text: string): boolean =>
  isIP(text.split('/', 1)[0] as string) !== 0 && toNetwork(text) === undefined

/** A text that exactly the addresses of one network have in common. */
export const prefixOf = ({ family, bits }: Network, length: number): string =>
  `${family}/${length}/${(bits >> BigInt(WIDTH[family] - length)).toString(36)}`

function ipv4(address: string): Network {
  const bits = address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  return { family: 4, bits, length: WIDTH[4] }
}

function ipv6(address: string): Network {
  // A zone (`fe80::1%eth0`) names an interface of the machine that saw it.
  const groups = toGroups(address.replace(/%.*$/, ''))
  const bits = groups.reduce((sum, group) => sum * 65_536n + BigInt(group), 0n)
  if (bits >> 32n === 0xffffn) return { family: 4, bits: bits & 0xffff_ffffn, length: WIDTH[4] }
  return { family: 6, bits, length: WIDTH[6] }
}
