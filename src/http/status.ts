import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { COMMON_PROBLEMS, problemResponses } from './problem.js'

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

export interface StatusOptions {
  readonly version: string
  readonly readRedis: () => Promise<Static<typeof RedisStatus>>
}

export const statusRoutes: FastifyPluginAsyncTypebox<StatusOptions> = async (
  app,
  { version, readRedis },
) => {
  app.get(
    '/status',
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
