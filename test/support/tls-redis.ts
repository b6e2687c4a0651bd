import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type Certificate, makeCertificate } from './certificates.js'
import { freePort, withFreePorts } from './free-port.js'
import { connect, start } from './managed.js'
import { type Node, startSentinel } from './nodes.js'
import { tempFolder } from './temp-folder.js'
import { until } from './until.js'

/** The files of servers that speak TLS only, and of the one client that they accept. */
export interface TlsFiles {
  readonly server: Certificate
  readonly client: Certificate
  /** Lines of redis.conf. */
  readonly conf: readonly string[]
}

/** @param host in the certificate of the servers, as OpenSSL names it */
export function makeTlsFiles(host: string): TlsFiles {
  const folder = tempFolder()
  const server = makeCertificate(folder, 'server', host)
  const client = makeCertificate(folder, 'client')
  const accepted = path.join(folder, 'accepted.pem')
  writeFileSync(accepted, server.cert + client.cert)
  const conf = [
    `tls-cert-file ${server.certFile}`,
    `tls-key-file ${server.keyFile}`,
    `tls-ca-cert-file ${accepted}`,
    'tls-replication yes',
  ]
  return { server, client, conf }
}

/** The settings of a service that knows these files. */
export const tlsSettings = (prefix: string, { server, client }: TlsFiles) => ({
  [`${prefix}_TLS_CA_FILE`]: server.certFile,
  [`${prefix}_TLS_CERT_FILE`]: client.certFile,
  [`${prefix}_TLS_KEY_FILE`]: client.keyFile,
})

/** Starts a server for the current test. @returns its port, its socket for raw commands, and its pid */
export function startTlsRedis({ conf }: TlsFiles, more: readonly string[] = []) {
  return withFreePorts(async () => {
    const port = await freePort()
    const redis = await start({ conf: [...conf, `tls-port ${port}`, ...more], restart: false })
    return { port, url: redis.url, pid: () => redis.pid() }
  })
}

/** Starts a Sentinel that watches one server, and whose clients need a password. */
export async function startTlsSentinel(
  { conf }: TlsFiles,
  primary: { readonly port: number; readonly password: string },
  password: string,
): Promise<{ readonly port: number; readonly client: Node['client'] }> {
  const port = await freePort()
  const sentinel: Node = await startSentinel([
    ...conf,
    `tls-port ${port}`,
    `sentinel monitor lockstep 127.0.0.1 ${primary.port} 1`,
    `sentinel auth-pass lockstep ${primary.password}`,
  ])
  onTestFinished(() => sentinel.stop())
  await until('a Sentinel that reaches the primary', async () =>
    String(await sentinel.client.call('SENTINEL', 'CKQUORUM', 'lockstep')).startsWith('OK'),
  )
  await sentinel.client.call('ACL', 'SETUSER', 'default', 'resetpass', `>${password}`)
  return { port, client: sentinel.client }
}

interface Member {
  readonly port: number
  readonly client: Node['client']
  pid(): number
}

/** Starts a Cluster of two primaries, which are known by the name of their host, and a replica of the first. */
export async function startTlsCluster(files: TlsFiles): Promise<readonly [Member, Member, Member]> {
  const startMember = () =>
    withFreePorts(async () => {
      const bus = await freePort()
      const node = await startTlsRedis(files, [
        'cluster-enabled yes',
        'tls-cluster yes',
        `cluster-port ${bus}`,
        'cluster-node-timeout 30000',
        'cluster-announce-hostname localhost',
        'cluster-preferred-endpoint-type hostname',
      ])
      return { ...node, bus, client: await connect(node) }
    })
  const members = await Promise.all([startMember(), startMember(), startMember()])
  const [one, two, replica] = members
  await two.client.call('CLUSTER', 'SET-CONFIG-EPOCH', 2)
  await one.client.call('CLUSTER', 'ADDSLOTSRANGE', 0, 8191)
  await two.client.call('CLUSTER', 'ADDSLOTSRANGE', 8192, 16_383)
  for (const { port, bus } of [two, replica]) {
    await one.client.call('CLUSTER', 'MEET', '127.0.0.1', port, bus)
  }
  const id = await one.client.call('CLUSTER', 'MYID')
  await until('a replica that knows its primary', () =>
    replica.client.call('CLUSTER', 'REPLICATE', id as string),
  )
  for (const { client } of members) {
    await until('a Cluster that serves and knows its names', async () => {
      const info = String(await client.call('CLUSTER', 'INFO'))
      const nodes = String(await client.call('CLUSTER', 'NODES'))
      const isNamed = nodes.split('\n').filter((line) => line.includes(',localhost')).length === 3
      return info.includes('cluster_state:ok') && isNamed
    })
  }
  await untilInStep(replica.client)
  return members
}

export const untilInStep = (replica: Node['client']) =>
  until('a replica in step', async () =>
    (await replica.info('replication')).includes('master_link_status:up'),
  )
