import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { keepPrivate } from '../http/answer-headers.js'
import { COMMON_PROBLEMS, problemResponses } from '../http/problem.js'
import type { OperatorOptions } from './operator-routes.js'
import { statusOf } from './redis-watch.js'
import { version } from './version.js'

const GOOD_REDIS = {
  up: true,
  version: '8.0.2',
  mode: 'single',
  persistence: 'aof',
  evictionPolicy: 'noeviction',
  maxMemoryBytes: 1_073_741_824,
  usedMemoryBytes: 12_582_912,
  replicas: 0,
  needsReplicas: false,
  findings: [],
}

const RedisStatus = Type.Object(
  {
    up: Type.Boolean({
      description: 'Whether it answers. Without an answer its facts are missing.',
    }),
    reason: Type.Optional(
      Type.String({
        description:
          'Why it does not serve as it should: `refused`, `wrong-password`, `loading`, `full`, ... See docs/operations.md.',
      }),
    ),
    version: Type.Optional(Type.String()),
    mode: Type.Optional(Type.Enum(['single', 'sentinel', 'cluster'])),
    persistence: Type.Optional(Type.Enum(['none', 'rdb', 'aof', 'rdb+aof', 'unknown'])),
    evictionPolicy: Type.Optional(
      Type.String({ description: 'Any other than noeviction can drop a held lock.' }),
    ),
    maxMemoryBytes: Type.Optional(Type.Integer({ description: '0: no bound.' })),
    usedMemoryBytes: Type.Optional(Type.Integer()),
    replicas: Type.Optional(Type.Integer()),
    needsReplicas: Type.Optional(
      Type.Boolean({ description: 'It refuses writes while it has too few replicas.' }),
    ),
    findings: Type.Array(Type.String(), {
      description: 'Settings that endanger the guarantees of Lockstep; see docs/operations.md.',
    }),
  },
  {
    examples: [GOOD_REDIS, { up: false, reason: 'refused', findings: [] }],
  },
)

const Status = Type.Object(
  {
    version: Type.String({ description: 'Of Lockstep.' }),
    uptimeMs: Type.Integer(),
    redis: RedisStatus,
    cacheRedis: Type.Optional(RedisStatus),
  },
  {
    description: 'Version and Redis; `cacheRedis` if the cache has a Redis of its own.',
    examples: [{ version: '0.1.0', uptimeMs: 86_400_000, redis: GOOD_REDIS }],
  },
)

/** The metrics and the status, for operators. */
export const operationRoutes: FastifyPluginAsyncTypebox<OperatorOptions> = async (
  app,
  { config, connections, metrics },
) => {
  const { commands, cache, probe, cacheProbe } = connections
  keepPrivate(app)
  app.get(
    '/metrics',
    { config: { scope: config.metricsAuth ? 'operations:read' : 'none' }, schema: { hide: true } },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.expose()),
  )

  app.get(
    '/v1/status',
    {
      config: { scope: 'operations:read' },
      schema: {
        operationId: 'getStatus',
        summary: 'Version, and the state and safety settings of Redis',
        tags: ['operations'],
        response: { 200: Status, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async () => ({
      version,
      uptimeMs: Math.round(process.uptime() * 1_000),
      redis: await statusOf(commands, probe, false),
      ...(cacheProbe && { cacheRedis: await statusOf(cache, cacheProbe, true) }),
    }),
  )
}
