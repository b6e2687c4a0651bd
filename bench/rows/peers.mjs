// Compares the service with services that others run for the same job (peers.mjs).
import { rows as requestRows } from './requests.mjs'

const post = (path, body, more) => ({ method: 'POST', path, body, ...more })

const ratelimit = (count) => {
  const descriptor = (_, i) => ({ entries: [{ key: `l${i}`, value: 'user-7' }] })
  return [
    post('/json', { domain: 'bench', descriptors: Array.from({ length: count }, descriptor) }),
  ]
}

/** Locks of one lease; a lock without one would make its own. */
const LEASE = '7'
const etcd = [
  post('/v3/lock/lock', { name: '#', lease: LEASE }, { take: 'key' }),
  post('/v3/lock/unlock', { key: '$' }),
]

const against = (name, peer, shell, prepareShell) => {
  const { steps, prepare } = requestRows.find((row) => row.name === name)
  return {
    name: `${name}, against ${peer}`,
    peer,
    steps,
    prepare,
    prepareShell,
    shell,
    isAsked: false,
    targets: { cpu: 0.75 },
  }
}

export const rows = [
  against('lock, acquire and release', 'etcd', etcd, [
    post('/v3/lease/grant', { TTL: '3600', ID: LEASE }),
  ]),
  against('check of one limit', 'ratelimit', ratelimit(1)),
  against('check of four limits', 'ratelimit', ratelimit(4)),
]
