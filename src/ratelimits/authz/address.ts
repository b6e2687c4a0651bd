import { isIP } from 'node:net'

/**
 * The address of the visitor behind `trustedHops` proxies. Each proxy appends the address of its peer
 * to X-Forwarded-For, so only the last entries can be trusted; the visitor may have sent the others.
 * 0: the peer of the connection.
 * @returns undefined if the list is shorter.
 */
export function clientAddress(
  forwardedFor: string | undefined,
  remote: string | undefined,
  trustedHops: number,
): string | undefined {
  if (trustedHops === 0) return remote
  return forwardedFor?.split(',').at(-trustedHops)?.trim()
}

/** An address without port and zone; IPv4-mapped IPv6 (`::ffff:192.0.2.7`) becomes IPv4. */
export function toAddress(text: string): string {
  const address = withoutPort(text)
  if (isIP(address) !== 6) return address
  const groups = toGroups(address)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (!isMapped) return address
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.')
}

/**
 * An address as a subject: IPv6 is cut to its first `prefix` bits, because a subscriber can use any
 * address of a /64 or more. Other text stays as it is.
 */
export function toSubnet(address: string, prefix: number): string {
  if (isIP(address) !== 6) return address
  const groups = toGroups(address)
  const kept = groups.map((group, i) => group & maskOf(prefix - i * 16))
  return new URL(`http://[${kept.map((group) => group.toString(16)).join(':')}]`).hostname.slice(
    1,
    -1,
  )
}

/** `[::1]:80`, `192.0.2.1:80`, `fe80::1%eth0`. */
function withoutPort(text: string): string {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return bare.replace(/%.*$/, '')
}

/** The eight groups of an IPv6 address, which may end in IPv4 notation. */
export function toGroups(address: string): number[] {
  const { hostname } = new URL(`http://[${address}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const first = parse(head)
  if (tail === undefined) return first
  const last = parse(tail)
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}

/** The first `bits` of 16. */
const maskOf = (bits: number): number => (0xffff << (16 - Math.min(16, Math.max(0, bits)))) & 0xffff
