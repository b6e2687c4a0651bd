import { expect, it, vi } from 'vitest'
import { Origin } from '../../../src/cache/origins/origin.js'
import { Origins, type OriginsOptions } from '../../../src/cache/origins/origins.js'

const HOUR_MS = 3_600_000
const spaces = (host: string) => ({ users: { origin: { url: `http://${host}/{key}` } } })

it('an origin that a reload replaced is closed once no warming uses it', () => {
  vi.useFakeTimers()
  const close = vi.spyOn(Origin.prototype, 'close')
  try {
    let isUsed = false
    let reload = (_: ReturnType<typeof spaces>) => {}
    new Origins({
      definitions: {
        follow(use: typeof reload) {
          reload = use
          use(spaces('one'))
        },
      },
      metrics: { watch() {} },
      warmings: { isUsing: () => isUsed },
      behind: { register: { own() {} }, onNeed() {} },
    } as unknown as OriginsOptions)
    reload(spaces('two'))
    vi.advanceTimersByTime(HOUR_MS)
    expect(close).toHaveBeenCalledOnce()

    isUsed = true
    reload(spaces('three'))
    vi.advanceTimersByTime(HOUR_MS)
    expect(close).toHaveBeenCalledOnce()
    isUsed = false
    vi.advanceTimersByTime(HOUR_MS)
    expect(close).toHaveBeenCalledTimes(2)
  } finally {
    close.mockRestore()
    vi.useRealTimers()
  }
})
