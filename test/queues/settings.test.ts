import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { definitionsOf, loadConfig } from '../../src/config.js'
import type { Domain } from '../../src/domain.js'
import { queues } from '../../src/queues/domain.js'
import { DEFAULT_SETTINGS, type SentSettings, toSettings } from '../../src/queues/settings.js'
import { tempFolder } from '../support/temp-folder.js'

/** The section of a configuration file in YAML. */
function section(text: string): Readonly<Record<string, SentSettings>> {
  const file = path.join(tempFolder(), 'lockstep.yaml')
  writeFileSync(file, text)
  const domain = queues as Domain
  return definitionsOf(loadConfig({ LOCKSTEP_CONFIG_FILE: file }, [domain]), domain) as never
}

it('fills in the defaults of what a queue leaves out', () => {
  expect(toSettings({})).toEqual(DEFAULT_SETTINGS)
  expect(toSettings({ visibilityMs: 5_000, backoff: { baseMs: 10 } })).toEqual({
    ...DEFAULT_SETTINGS,
    visibilityMs: 5_000,
    backoff: { baseMs: 10, maxMs: DEFAULT_SETTINGS.backoff.maxMs },
  })
})

it('takes queues of the configuration file', () => {
  expect(section('')).toEqual({})
  expect(section('queues: { mails: { maxFailures: 0, backoff: { maxMs: 50 } } }')).toEqual({
    mails: { maxFailures: 0, backoff: { maxMs: 50 } },
  })
})

it.each([
  ['mails: { visibilityMs: 999 }', 'mails/visibilityMs must be at least 1000'],
  ['mails: { visibilityMs: 43200001 }', 'mails/visibilityMs must be at most 43200000'],
  ['mails: { maxFailures: 101 }', 'mails/maxFailures must be at most 100'],
  ['mails: { capacity: 0 }', 'mails/capacity must be at least 1'],
  ['mails: { capacity: 1000001 }', 'mails/capacity must be at most 1000000'],
  ['mails: { maxBytes: 2097151 }', 'mails/maxBytes must be at least 2097152'],
  ['mails: { maxMessageBytes: 524289 }', 'mails/maxMessageBytes must be at most 524288'],
  ['mails: { retentionMs: 59999 }', 'mails/retentionMs must be at least 60000'],
  ['mails: { deadRetentionMs: 2592000001 }', 'mails/deadRetentionMs must be at most 2592000000'],
  ['mails: { deadCapacity: 0 }', 'mails/deadCapacity must be at least 1'],
  ['mails: { dedupWindowMs: 3600001 }', 'mails/dedupWindowMs must be at most 3600000'],
  ['mails: { backoff: { baseMs: 0 } }', 'mails/backoff/baseMs must be at least 1'],
  ['mails: { backoff: { factor: 2 } }', 'mails/backoff/factor is not a known field'],
  ['mails: { paused: 1 }', 'mails/paused must be boolean'],
  ['mails: { speed: 1 }', 'mails/speed is not a known field'],
  ['"no good": {}', 'queues/no good'],
])('refuses { %s } in the file', (text, fault) => {
  expect(() => section(`queues: { ${text} }`)).toThrow(fault)
})
