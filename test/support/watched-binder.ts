import type { Binder } from '../../src/redis/binder.js'

type Run = (keys: object, args: object) => Promise<unknown>

/** A binder that shows the arguments of each call of one script before it is made; what `see` throws fails the call. */
export const watchedBinder = <A extends object>(
  binder: Binder,
  script: string,
  see: (args: A) => void,
): Binder => ({
  ...binder,
  bind: ((one: Parameters<Binder['bind']>[0]) => {
    const run = binder.bind(one) as Run
    if (one.program.name !== script) return run
    return async (keys: object, args: A) => {
      see(args)
      return run(keys, args)
    }
  }) as Binder['bind'],
})
