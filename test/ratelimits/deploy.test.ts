import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

const read = (file: string) =>
  readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8')

/** The policy in the comment of a file. */
const policyOf = (text: string) => {
  const lines = text.split('\n').filter((line) => /^#\s+(policies| {1,2}site):/.test(line))
  return parse(lines.map((line) => line.replace(/^#\s/, '').replace(/\t/g, '  ')).join('\n'))
}

it.each(['nginx/nginx.conf', 'traefik/dynamic.yml', 'caddy/Caddyfile', 'envoy/envoy.yaml'])(
  '%s asks the endpoint about the policy that it names',
  (file) => {
    const text = read(file)
    expect(text).toContain('/v1/ratelimits/site/authz')
    expect(policyOf(text)).toEqual({
      policies: { site: { limit: 60, windowMs: 60_000, burst: 20, authz: { key: ['address'] } } },
    })
  },
)

it('Traefik sends no token of its visitors', () => {
  const { http } = parse(read('traefik/dynamic.yml'))
  const { address, authRequestHeaders } = http.middlewares['rate-limit'].forwardAuth
  expect(new URL(address).pathname).toBe('/v1/ratelimits/site/authz')
  expect(authRequestHeaders).toEqual(['X-Api-Key'])
})

it('Envoy sends no token of its visitors, and overwrites it with its own', () => {
  const [{ filter_chains: chains }] = parse(read('envoy/envoy.yaml')).static_resources.listeners
  const [authz] = chains[0].filters[0].typed_config.http_filters
  const { http_service: service, allowed_headers: allowed } = authz.typed_config
  expect(service.path_prefix).toBe('/v1/ratelimits/site/authz')
  expect(allowed.patterns).toEqual([{ exact: 'x-forwarded-for' }, { exact: 'x-api-key' }])
  expect(service.authorization_request.headers_to_add).toEqual([
    { key: 'lockstep-api-token', value: '' },
  ])
})
