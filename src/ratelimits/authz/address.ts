import { isIP } from 'node:net'

/**
 * The address of whoever stands `trustedHops` proxies away: each proxy appends to X-Forwarded-For
 * where its request came from, so only the last entries are worth anything, and those before them
 * are whatever the visitor wrote. 0: whoever opened the connection.
 * @returns undefined where the list is shorter than that.
 */
export function clientAddress(
  forwardedFor: string | undefined,
  remote: string | undefined,
  trustedHops: number,
): string | undefined {
  if (trustedHops === 0) return remote
  return forwardedFor?.split(',').at(-trustedHops)?.trim()
}

/** An address without port and zone; IPv4 inside IPv6 (`::ffff:192.0.2.7`) is IPv4. */
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
 * An address as a subject: IPv6 is cut to its first `prefix` bits, for a subscriber has at least a
 * /64 of them to change through. Text that is no address stays.
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

/** The eight groups of an IPv6 address; the end of it may be written as IPv4. */
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
