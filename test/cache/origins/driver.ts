import { stringify } from 'yaml'
import type { Harness } from '../../support/harness.js'
import { cacheDriver } from '../driver.js'
import type { TestOrigin } from './test-origin.js'

/** Settings of a space that loads; `origin` without its URL. */
export interface LoadingSpace {
  readonly origin?: object
  readonly [setting: string]: unknown
}

export const SPACE = 'loads'

/** A configuration file with a space that loads from this origin, without jitter and early refresh. */
export const originFile = (
  { url }: Pick<TestOrigin, 'url'>,
  namespace: string,
  { origin, ...settings }: LoadingSpace = {},
): string =>
  stringify({
    spaces: {
      [SPACE]: {
        jitter: 0,
        earlyRefreshBeta: 0,
        ...settings,
        origin: {
          url: `${url}/values/{key}`,
          namespaces: [namespace],
          timeoutMs: 30_000,
          ...origin,
        },
      },
    },
  })

/** A space that writes behind, to a Redis of tests, which writes nothing to disk. */
export const behind = (
  settings: object,
  origin: object = {},
  space: LoadingSpace = {},
): LoadingSpace => ({
  ttlMs: 3_600_000,
  staleMs: 3_600_000,
  ...space,
  origin: {
    write: 'behind',
    applyWithinMs: 0,
    // A busy machine may take long to see that an origin failed.
    behind: {
      anyRedis: true,
      maxAttempts: 1_000,
      backoff: { baseMs: 10, maxMs: 20 },
      ...settings,
    },
    ...origin,
  },
})

/** Calls of a space that loads from the origin that a test gives. */
export function loadingDriver(harness: Harness) {
  const cache = cacheDriver(harness, SPACE)
  return {
    ...cache,
    loadFrom: (origin: Pick<TestOrigin, 'url'>, settings?: LoadingSpace) =>
      harness.reload(originFile(origin, harness.namespace, settings)),
    getMany: (keys: readonly string[]) =>
      harness.request('post', `/v1/cache/${SPACE}/get-many`).send({ keys }),
    remove: (key: string) => harness.request('delete', cache.at(key)).expect(204),
  }
}
