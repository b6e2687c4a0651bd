import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { readLost } from '../entries/scripts.js'

/** A group as callers see it. */
export interface Group {
  readonly name: string
  readonly visibilityMs: number
  /** 0 for never. */
  readonly maxFailures: number
  /** Id of the newest entry that was handed out, or that the group passed over. */
  readonly position: string
  /** Entries after it. */
  readonly lag: number
  /** Handed out, and not settled. */
  readonly leased: number
  /** Handed out before, and ready again. */
  readonly ready: number
  /** Since the delivery began whose visibility ends first. */
  readonly oldestLeaseMs?: number
  /** Dropped before they were handed out. */
  readonly trimmedUnread: number
  /** Handed out, then dropped or deleted before they were acknowledged. */
  readonly dropped: number
  readonly dead: number
}

const FIELDS_PER_GROUP = 11

/** @param at where the fields of groups begin */
function readGroups(fields: readonly unknown[], at: number): Group[] {
  const groups: Group[] = []
  for (let i = at; i < fields.length; i += FIELDS_PER_GROUP) groups.push(readGroup(fields, i))
  return groups
}

function readGroup(fields: readonly unknown[], at: number): Group {
  const oldestLeaseMs = Number(fields[at + 7])
  return {
    name: String(fields[at]),
    visibilityMs: Number(fields[at + 1]),
    maxFailures: Number(fields[at + 2]),
    position: String(fields[at + 3]),
    lag: Number(fields[at + 4]),
    leased: Number(fields[at + 5]),
    ready: Number(fields[at + 6]),
    ...(oldestLeaseMs >= 0 && { oldestLeaseMs }),
    trimmedUnread: Number(fields[at + 8]),
    dropped: Number(fields[at + 9]),
    dead: Number(fields[at + 10]),
  }
}

export const putGroupScript = defineScript({
  name: 'streams.put-group',
  file: new URL('../scripts/put-group.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'group', 'place', 'visibility_ms', 'max_failures', 'most', 'generation'],
  units: () => 2,
  outcomes: ['created', 'changed', 'unchanged', 'too-many', 'lost'],
  decode(reply, kind) {
    const fields = list(reply)
    if (kind === 'too-many') return { kind }
    return kind === 'lost' ? readLost(fields.slice(1)) : { kind, group: readGroup(fields, 1) }
  },
})

export const showGroupsScript = defineScript({
  name: 'streams.show-groups',
  file: new URL('../scripts/show-groups.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'group'],
  units: ({ group }) => (group === '' ? 16 : 2),
  decode: (reply) => readGroups(list(reply), 0),
})

export const seekGroupScript = defineScript({
  name: 'streams.seek-group',
  file: new URL('../scripts/seek-group.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'group', 'place', 'generation'],
  units: () => 2,
  outcomes: ['moved', 'unknown', 'lost'],
  decode(reply, kind) {
    const fields = list(reply)
    if (kind === 'unknown') return { kind }
    return kind === 'lost' ? readLost(fields.slice(1)) : { kind, group: readGroup(fields, 1) }
  },
})

export const removeGroupScript = defineScript({
  name: 'streams.remove-group',
  file: new URL('../scripts/remove-group.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'group'],
  decode: (reply) => integers(reply, 1)[0] === 1,
})
