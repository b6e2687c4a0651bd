import { Command } from 'commander'
import { act } from '../act.js'
import { EXIT, Failure } from '../failures.js'
import { size, time } from '../output.js'

export const statusCommand = () =>
  new Command('status')
    .description('show the service and its Redis; exit code 69 while Redis does not serve')
    .action(
      act(async ({ call, out, service }) => {
        const { json: status } = await call('getStatus', {})
        const { version, uptimeMs, load, ...stores } = status
        const refused = Math.max(load.eventLoop.refusedPercent, load.redis.refusedPercent)
        out.show(status, () => {
          const servers = Object.entries(stores).filter(([, store]) => store !== undefined)
          out.fields([
            ['service', service.address.urls.join(', ')],
            ['version', version],
            ['up for', time(uptimeMs)],
            ['refuses', refused > 0 ? `${refused} % of other requests than renewals` : undefined],
            ...servers.map(([name, store]) => [name, stateOf(store)] as const),
            ...servers.map(
              ([name, { findings }]) => [`${name} findings`, findings.join(', ')] as const,
            ),
          ])
        })
        const down = Object.values(stores).find((store) => store && !store.up)
        if (down)
          throw new Failure(EXIT.unavailable, `Redis does not serve: ${down.reason ?? 'down'}`)
      }),
    )

type Store = { readonly up: boolean } & Readonly<
  Partial<Record<'reason' | 'version' | 'mode' | 'persistence', string>> &
    Partial<Record<'usedMemoryBytes' | 'maxMemoryBytes', number>>
>

function stateOf({ up, reason, version, mode, persistence, ...memory }: Store): string {
  if (!up) return `down: ${reason ?? 'it does not answer'}`
  const { usedMemoryBytes, maxMemoryBytes } = memory
  const used = size(usedMemoryBytes)
  const bound = maxMemoryBytes ? ` of ${size(maxMemoryBytes)}` : ''
  const parts = [`up`, version, mode, persistence, used && `${used}${bound}`]
  return parts.filter((part) => part !== undefined).join(', ')
}
