import type { Mutant } from '../../support/mutant.js'
import { type Cast, TAKEN } from './write-casts.js'

/** Broken scripts of write-through, and the cast whose interleavings show it. */
interface WriteMutant extends Mutant {
  readonly cast: Cast
  readonly isWarm: boolean
}

const NOW = 'fence = clock.clk,'
const TWO: Cast = { a: TAKEN, b: TAKEN }

export const WRITE_MUTANTS: readonly WriteMutant[] = [
  {
    name: 'only the later of two writes counts as contended',
    cast: TWO,
    isWarm: false,
    breaks: {
      'lone-write': 'local is_alone = note and (not writes.contended or clk == writes.clk)',
    },
  },
  {
    name: 'only the earlier of two writes counts as contended',
    cast: TWO,
    isWarm: false,
    breaks: {
      'lone-write': 'local is_alone = note and (not writes.contended or clk ~= writes.clk)',
    },
  },
  {
    name: 'a write is contended only while another is outstanding',
    cast: TWO,
    isWarm: false,
    breaks: { 'lone-write': 'local is_alone = note and #writes.notes == 0' },
  },
  {
    name: 'finish does not look for its note',
    cast: { ...TWO, pauses: true },
    isWarm: false,
    breaks: { 'lone-write': 'local is_alone = not writes.contended' },
  },
  {
    name: 'finish does not look at marks',
    cast: { a: TAKEN, invalidation: 'hard all' },
    isWarm: false,
    breaks: { 'write-under-marks': 'local is_current = true', 'fence-of-a-write': NOW },
  },
  {
    name: 'finish does not look at the marks of tags',
    cast: { a: TAKEN, invalidation: 'hard tag' },
    isWarm: false,
    breaks: {
      'write-under-marks': 'local is_current = clk >= clock.hard',
      'fence-of-a-write': NOW,
    },
  },
  {
    name: 'a write counts as made when it is stored',
    cast: { a: TAKEN, invalidation: 'soft all' },
    isWarm: false,
    breaks: { 'fence-of-a-write': NOW },
  },
  {
    name: 'a 304 counts as said when it is stored',
    cast: { a: ['begin', 'refused'], reads: true, invalidation: 'soft all' },
    isWarm: true,
    breaks: { 'fence-of-a-confirmation': 'local fence = clock.clk' },
  },
  {
    name: 'a late finish leaves the load under way',
    cast: { a: TAKEN, reads: true, pauses: true },
    isWarm: false,
    breaks: { 'late-finish': 'if note then save_writes(lease_key, writes) end' },
  },
  {
    name: 'the value is served on during a write',
    cast: { a: TAKEN },
    isWarm: true,
    breaks: { 'value-during-a-write': '' },
  },
  {
    name: 'an unknown outcome ends the write',
    cast: { a: ['begin', 'unknown', 'apply'], reads: true },
    isWarm: false,
    breaks: { 'note-of-an-unknown-outcome': '' },
  },
  {
    name: 'a removal ends the writes under way',
    cast: { a: TAKEN, reads: true, invalidation: 'hard key' },
    isWarm: false,
    breaks: { 'removal-of-a-lease': "local is_awaited = redis.call('UNLINK', lease_key) > 0" },
  },
]
