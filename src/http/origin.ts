import './auth.js'
import { invalid, problem } from './problem.js'
import type { Step } from './request-hooks.js'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])
/** Sec-Fetch-Site of a request from a page of the same site, or from no page. */
const OWN_SITE = new Set<unknown>([undefined, 'same-origin', 'none'])

/**
 * Keeps web pages from using a service on the machine of their visitor. Browsers send Origin with
 * every cross-site request except simple GETs, and Sec-Fetch-Site with those. DNS rebinding makes a
 * foreign name resolve to loopback; Host shows that name.
 * @param allowedHosts names of this service besides loopback: `host`, or `host:port`
 * @param checksHost whether every other Host is refused
 */
export function createOriginRules(
  allowedHosts: readonly string[],
  checksHost: () => boolean,
): Step {
  const isAllowed = (host: string) =>
    allowedHosts.includes(host.toLowerCase()) || allowedHosts.includes(nameOf(host))

  return (request) => {
    const { scope = 'none', forProxies } = request.route
    // A proxy passes on the headers of its visitor, which may be a browser.
    if (forProxies) return
    const { origin, host, 'sec-fetch-site': site } = request.headers
    if (host === undefined && request.raw.httpVersion === '1.1') {
      throw invalid('header/host', 'is required')
    }
    if (origin !== undefined) assertOwnOrigin(origin, host, isAllowed)
    // Any site may link to a page of ours (/docs).
    else if (scope !== 'none' && !OWN_SITE.has(site)) {
      throw problem('origin-refused', `A page of another site (${site}) may not call this service.`)
    }
    if (host !== undefined && checksHost() && !LOOPBACK.has(nameOf(host)) && !isAllowed(host)) {
      throw problem('host-refused', `Host ${host} is not a name of this service.`)
    }
  }
}

/** Another port of this machine is another program. */
function assertOwnOrigin(
  origin: string,
  host: string | undefined,
  isAllowed: (host: string) => boolean,
): void {
  const from = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1]
  if (from !== undefined && isAllowed(from)) return
  const isOwn =
    from !== undefined && LOOPBACK.has(nameOf(from)) && portOf(from) === portOf(host ?? '')
  if (!isOwn) throw problem('origin-refused', `Origin ${origin} may not call this service.`)
}

const PORT = /:(\d+)$/

const nameOf = (host: string): string => host.toLowerCase().replace(PORT, '')

const portOf = (host: string): string => PORT.exec(host)?.[1] ?? ''
