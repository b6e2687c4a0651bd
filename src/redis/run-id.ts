import { Cluster, type Redis } from 'ioredis'

/**
 * The server process at the other end of a connection; '' where that is not known for certain. It
 * is asked once per connection: another process is another connection. On a Cluster the client
 * follows redirections, so a call may end at another server than it was made for.
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
