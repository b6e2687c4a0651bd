import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { logChange } from '../../http/change-log.js'
import { toETag } from '../../http/etag.js'
import { invalid, type Problem } from '../../http/problem.js'
import { noBoard, problem } from '../problems.js'
import { endOf } from '../seasons/windows.js'
import type { Board, PatchOutcome } from './configuration.js'
import type { FixedChange } from './fixed-settings.js'
import type { BoardFault } from './rules.js'
import type { Leaderboard } from './schemas.js'

/** The whole board, with its ETag. */
export function toLeaderboard(
  reply: FastifyReply,
  name: string,
  { config, version: text, source, season }: Board,
): Static<typeof Leaderboard> {
  // Versions are times in microseconds, so they are exact as numbers.
  const version = Number(text)
  reply.header('etag', toETag(version))
  const { id, endMs, closed, total } = season
  return { name, ...config, version, source, currentSeason: { id, ...endOf(endMs), closed, total } }
}

/** Answers a PUT or PATCH, and logs the change. @throws Problem for a refusal */
export function toConfigured(
  reply: FastifyReply,
  name: string,
  outcome: PatchOutcome,
): Static<typeof Leaderboard> {
  if (!('board' in outcome)) throw refused(name, outcome)
  const { kind, board, before } = outcome
  if (kind !== 'unchanged') {
    const verb = reply.request.method.toLowerCase()
    const versions = { before: Number(before), version: Number(board.version) }
    logChange(reply.request, `board.${verb}`, { board: name, ...versions })
  }
  reply.code(kind === 'created' ? 201 : 200)
  return toLeaderboard(reply, name, board)
}

type Refusal = Exclude<PatchOutcome, { readonly board: Board }>

function refused(name: string, outcome: Refusal): Problem {
  switch (outcome.kind) {
    case 'missing':
      return noBoard(name)
    case 'faulty':
      return faulty(outcome.fault)
    case 'precondition':
      return otherVersion(name)
    case 'immutable':
      return immutable(name, outcome.changes)
  }
}

export const faulty = ({ field, message }: BoardFault): Problem => invalid(`body/${field}`, message)

export const otherVersion = (board: string): Problem =>
  problem('precondition-failed', `The board "${board}" has another version.`)

function immutable(board: string, changes: readonly FixedChange[]): Problem {
  const texts = changes.map(
    ({ setting, present, wanted }) =>
      `${setting} is ${JSON.stringify(present)} and cannot become ${JSON.stringify(wanted)}`,
  )
  const detail = `"${board}" has entries: ${texts.join('; ')}.`
  return problem('config-immutable', detail, { extensions: { changes } })
}
