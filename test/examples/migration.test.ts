import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { until } from '../support/until.js'
import { EXAMPLES, useExamples } from './programs.js'

const { get, post, inEachLanguage } = useExamples()

const migrationHolder = async () => (await get('/v1/locks/migrate')).holders[0]

const sql = (database: string, text: string): string =>
  String(execFileSync('sqlite3', [database], { input: text }))

/** A database that is prepared for the migration, and locked until `unlock`. */
async function lockedDatabase(file: string) {
  sql(file, readFileSync(path.join(EXAMPLES, 'migration/steps/0.sql'), 'utf8'))
  const holder = spawn('sqlite3', [file])
  onTestFinished(() => void holder.kill('SIGKILL'))
  let said = ''
  holder.stdout.on('data', (chunk) => (said += chunk))
  holder.stdin.write("BEGIN IMMEDIATE;\nSELECT 'locked';\n")
  await until('the database is locked', () => said.includes('locked'))
  return {
    async unlock(change = ''): Promise<void> {
      holder.stdin.end(`${change} COMMIT;\n`)
      await new Promise((resolve) => holder.once('close', resolve))
    },
  }
}

describe.skipIf(spawnSync('sqlite3', ['--version']).status !== 0)(
  'two services and one migration',
  () => {
    describe('one migrates, the others wait', () => {
      inEachLanguage('migration/migrate', async ({ run, out }) => {
        const database = path.join(out, 'database')
        const services = ['shop', 'blog', 'mail']
        const said = await Promise.all(services.map((service) => run(service, database)))

        expect(said.filter((text) => text.includes(': migrated'))).toHaveLength(1)
        expect(said.filter((text) => text.includes(': nothing to do'))).toHaveLength(2)
        expect(sql(database, 'SELECT version, fence FROM migration')).toMatch(/^2\|\d{16}\n$/)
        expect(sql(database, 'SELECT name, email FROM users')).toBe('')
        expect(await get('/v1/locks/migrate')).toMatchObject({
          state: 'free',
          lastEnd: { how: 'released' },
        })
      })
    })

    describe('its lock is renewed while a step takes long', () => {
      inEachLanguage(
        'migration/migrate',
        async ({ start, out }) => {
          const database = path.join(out, 'database')
          const { unlock } = await lockedDatabase(database)
          const { exit, stdout } = start(['shop', database])
          await until('the lock is renewed', async () => {
            const { heldMs, expiresInMs } = await migrationHolder()
            return heldMs + expiresInMs > 12_000
          })
          await unlock()
          expect(await exit).toBe(0)
          expect(stdout()).toBe('shop: migrated\n')
        },
        // In sh it is held by lock-run.sh, which has tests of its own.
        ['py', 'mjs', 'go'],
      )
    })

    describe('a running step is ended when the lock is lost', () => {
      inEachLanguage(
        'migration/migrate',
        async ({ start, out }) => {
          const database = path.join(out, 'database')
          await lockedDatabase(database)
          const { exit } = start(['shop', database])
          await until('it runs', migrationHolder)
          await post('/v1/locks/migrate/revoke', { reason: 'test', force: true }).expect(200)
          expect(await exit).not.toBe(0)
        },
        // Python checks between steps.
        ['mjs', 'go'],
      )
    })

    describe('one that was paused past its lease changes nothing', () => {
      inEachLanguage('migration/migrate', async ({ language, start, out }) => {
        const database = path.join(out, 'database')
        const { unlock } = await lockedDatabase(database)
        const { child, exit } = start(['shop', database])
        await until('it runs', migrationHolder)
        // lock-run.sh ends the script in sh, also while that is paused.
        if (language !== 'sh') child.kill('SIGSTOP')
        await post('/v1/locks/migrate/revoke', { reason: 'test', force: true }).expect(200)
        const later = await post('/v1/locks/migrate/acquire', {}).expect(200)
        await post('/v1/locks/migrate/release', { token: later.body.token }).expect(200)
        await unlock(`UPDATE migration SET fence = ${later.body.fence};`)
        child.kill('SIGCONT')

        expect(await exit).not.toBe(0)
        const row = sql(database, 'SELECT version, fence FROM migration')
        expect(row).toBe(`0|${later.body.fence}\n`)
      })
    })

    describe('one that fails releases the lock', () => {
      inEachLanguage('migration/migrate', async ({ start, out }) => {
        expect(await start(['shop', path.join(out, 'nothing/database')]).exit).not.toBe(0)
        expect(await get('/v1/locks/migrate')).toMatchObject({
          state: 'free',
          lastEnd: { how: 'released' },
        })
      })
    })
  },
)
