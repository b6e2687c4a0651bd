import path from 'node:path'
import { SERVER_SOURCES } from '../../src/redis/server-binary.js'

/** The project's own folder, so that a server is fetched once and not per test. */
export const toolsFolder = path.resolve(import.meta.dirname, '../../.lockstep')

/** Where this run takes its server from; LOCKSTEP_REDIS_FIND forces it. */
export const find = SERVER_SOURCES.find((source) => source === process.env.LOCKSTEP_REDIS_FIND)
