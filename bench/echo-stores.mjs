// Fixed answers in the shape of each store's own; see echo.mjs.

const FENCE = 1_795_000_000_000_000

export const echoStores = {
  locks: {
    acquire: async () => ({
      kind: 'granted',
      token: 'u3Jq0c9mT1uVwX2yZ4aBcD',
      fences: [FENCE],
      mode: 'exclusive',
      expiresInMs: 29_999,
      waitedMs: 0,
      holdCount: 1,
      replayed: false,
    }),
    drain() {},
    close() {},
  },
}
