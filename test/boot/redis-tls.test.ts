import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { startService } from '../support/service.js'

it('refuses settings that the URL does not use', async () => {
  const service = await startService({
    LOCKSTEP_REDIS_URL: 'redis://127.0.0.1:6379',
    LOCKSTEP_REDIS_TLS_SERVER_NAME: 'redis.internal',
  })
  expect(await service.exit).toBe(2)
  expect(service.stderr()).toContain('LOCKSTEP_REDIS_TLS_* need a LOCKSTEP_REDIS_URL with TLS')
})

it('shows no password of Sentinels', async () => {
  const program = path.join(await ensureBuilt(), 'main.js')
  const shown = execFileSync(process.execPath, [program, '--print-config'], {
    encoding: 'utf8',
    env: {
      LOCKSTEP_REDIS_URL: 'rediss+sentinel://:hush@a/mine',
      LOCKSTEP_REDIS_SENTINEL_PASSWORD: 'hush',
    },
  })
  expect(shown).toContain('rediss+sentinel://a:26379/mine')
  expect(shown).not.toContain('hush')
})
