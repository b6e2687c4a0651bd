import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { keepPrivate } from './private.js'
import { COMMON_PROBLEMS, problemResponses } from './problem.js'
import type { Scope } from './scopes.js'

const RedisStatus = Type.Object({
  version: Type.String(),
  mode: Type.Enum(['single', 'sentinel', 'cluster']),
  persistence: Type.Enum(['none', 'rdb', 'aof', 'rdb+aof', 'unknown']),
  evictionPolicy: Type.String({ description: 'Anything but noeviction may drop a held lock.' }),
  maxMemoryBytes: Type.Integer({ description: '0: no bound.' }),
  usedMemoryBytes: Type.Integer(),
  replicas: Type.Integer(),
})

const Status = Type.Object(
  {
    version: Type.String({ description: 'Of Lockstep.' }),
    uptimeMs: Type.Integer(),
    redis: RedisStatus,
  },
  { description: 'What runs, and on which Redis.' },
)

export interface OperationOptions {
  readonly version: string
  readonly readRedis: () => Promise<Static<typeof RedisStatus>>
  readonly metricsScope: Scope | 'none'
  readonly metrics: {
    readonly registry: { readonly contentType: string }
    expose(): Promise<string>
  }
}

/** What operators look at: the metrics and the status. */
export const operationRoutes: FastifyPluginAsyncTypebox<OperationOptions> = async (
  app,
  { version, readRedis, metrics, metricsScope },
) => {
  keepPrivate(app)
  app.get(
    '/metrics',
    { config: { scope: metricsScope }, schema: { hide: true } },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.expose()),
  )

  app.get(
    '/v1/status',
    {
      config: { scope: 'operations:read' },
      schema: {
        operationId: 'getStatus',
        summary: 'Version, topology and the settings of Redis that guarantees rest on',
        tags: ['operations'],
        response: { 200: Status, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async () => ({
      version,
      uptimeMs: Math.round(process.uptime() * 1_000),
      redis: await readRedis(),
    }),
  )
}
