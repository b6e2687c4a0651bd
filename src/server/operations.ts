import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { keepPrivate } from '../http/answer-headers.js'
import { COMMON_PROBLEMS, problemResponses } from '../http/problem.js'
import { LOAD, LoadStatus, statusOfLoad } from './load-status.js'
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
    version: Type.Optional(Type.String({ description: 'The version of Redis.' })),
    mode: Type.Optional(
      Type.Enum(['single', 'sentinel', 'cluster'], {
        title: 'RedisMode',
        description: 'How Redis is deployed.',
      }),
    ),
    persistence: Type.Optional(
      Type.Enum(['none', 'rdb', 'aof', 'rdb-aof', 'unknown'], {
        title: 'RedisPersistence',
        description: 'What Redis writes to disk; `unknown` if it does not say.',
      }),
    ),
    evictionPolicy: Type.Optional(
      Type.String({ description: 'Any other than noeviction can drop a held lock.' }),
    ),
    maxMemoryBytes: Type.Optional(
      Type.Integer({ minimum: 0, description: '`maxmemory` in bytes; 0: no bound.' }),
    ),
    usedMemoryBytes: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Memory in use, in bytes.' }),
    ),
    replicas: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Replicas that are connected.' }),
    ),
    needsReplicas: Type.Optional(
      Type.Boolean({ description: 'It refuses writes while it has too few replicas.' }),
    ),
    findings: Type.Array(Type.String(), {
      description: 'Settings that endanger the guarantees of Lockstep; see docs/operations.md.',
    }),
  },
  {
    title: 'RedisStatus',
    description: 'State and safety settings of one Redis.',
    examples: [GOOD_REDIS, { up: false, reason: 'refused', findings: [] }],
  },
)

const Status = Type.Object(
  {
    version: Type.String({ description: 'Of Lockstep.' }),
    uptimeMs: Type.Integer({ minimum: 0, description: 'Milliseconds since the start.' }),
    load: LoadStatus,
    redis: RedisStatus,
    cacheRedis: Type.Optional(RedisStatus),
  },
  {
    title: 'ServiceStatus',
    description: 'Version, load and Redis; `cacheRedis` if the cache has a Redis of its own.',
    examples: [{ version: '0.1.0', uptimeMs: 86_400_000, load: LOAD, redis: GOOD_REDIS }],
  },
)

/** The metrics and the status, for operators. */
export const operationRoutes: FastifyPluginAsyncTypebox<OperatorOptions> = async (
  app,
  { config, connections, metrics, load, raised },
) => {
  const { commands, cache, probe, cacheProbe } = connections
  keepPrivate(app)
  app.get(
    '/metrics',
    {
      config: { scope: config.metricsAuth ? 'operations:read' : 'none', served: 'always' },
      schema: { hide: true },
    },
    async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.expose()),
  )

  app.get(
    '/v1/status',
    {
      config: { scope: 'operations:read', served: 'always' },
      schema: {
        operationId: 'getStatus',
        summary: 'Show version, load, Redis and its safety settings',
        description:
          'Answers 200 also while Redis does not answer, and then says why. `findings` lists settings of Redis that endanger the guarantees; an empty list is good.',
        tags: ['operations'],
        response: { 200: Status, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async () => ({
      version,
      uptimeMs: Math.round(process.uptime() * 1_000),
      load: statusOfLoad(load),
      redis: await statusOf(commands, probe, false, cacheProbe ? [] : raised.all),
      ...(cacheProbe && { cacheRedis: await statusOf(cache, cacheProbe, true, raised.all) }),
    }),
  )
}
