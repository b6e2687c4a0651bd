import { Cluster, type Redis } from 'ioredis'

/**
 * The `run_id` of the server process behind a connection, read once per connection: another process
 * is another connection. '' while it is not known, and always on a Cluster, where a redirection can
 * take a call to another server.
 */
export function watchRunId(client: Redis | Cluster): () => string {
  let runId = ''
  if (client instanceof Cluster) return () => runId
  client.on('ready', () => {
    client.info('server').then(
      (info) => {
        runId = /^run_id:([0-9a-f]{40})/m.exec(info)?.[1] ?? ''
      },
      () => undefined,
    )
  })
  client.on('close', () => {
    runId = ''
  })
  return () => runId
}
