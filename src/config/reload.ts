/** Registers a listener for every reload. */
export type OnReload<C> = (listener: (fresh: C) => void) => void

export interface LastRead {
  readonly isGood: boolean
  readonly atMs: number
}

export interface Reloads<C> {
  readonly onReload: OnReload<C>
  /** @throws ConfigError; nothing changes */
  reload(): void
  /** The last read of the configuration; at first, the one at the start. */
  last(): LastRead
}

/**
 * Tokens, policies, spaces and boards may change while the service runs. A reload reads and checks
 * the whole configuration before it calls the first listener.
 */
export function createReloads<C>(load: () => C): Reloads<C> {
  const listeners: ((fresh: C) => void)[] = []
  let last = { isGood: true, atMs: Date.now() }
  return {
    onReload: (listener) => void listeners.push(listener),
    reload() {
      last = { isGood: false, atMs: Date.now() }
      const fresh = load()
      for (const listener of listeners) listener(fresh)
      last = { isGood: true, atMs: last.atMs }
    },
    last: () => last,
  }
}

/** A part of the configuration that may change while the service runs. */
export interface Live<T> {
  current(): T
  /** Calls at once, and again after every reload. */
  follow(listener: (value: T) => void): void
}

export function toLive<C, T>(config: C, onReload: OnReload<C>, pick: (config: C) => T): Live<T> {
  let current = pick(config)
  onReload((fresh) => {
    current = pick(fresh)
  })
  return {
    current: () => current,
    follow(listener) {
      listener(current)
      onReload((fresh) => listener(pick(fresh)))
    },
  }
}
