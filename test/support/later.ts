/** A value that hooks start and close; tests refer to it before that. */
export interface Later<T> {
  readonly it: T
  start(): Promise<void>
  close(): Promise<void>
}

/** @param name as tests call it */
export function later<T extends object>(
  name: string,
  begin: () => Promise<T>,
  end: (running: T) => Promise<unknown>,
): Later<T> {
  let running: T | undefined
  return {
    it: new Proxy({} as T, {
      get(_, property) {
        if (!running) throw new Error(`${name}.${String(property)} is used before the tests begin`)
        return Reflect.get(running, property)
      },
    }),
    async start() {
      running = await begin()
    },
    async close() {
      const last = running
      running = undefined
      if (last) await end(last)
    },
  }
}
