import { LIST_BODY_BYTES } from '../../http/body.js'
import { fenceOutdated, toFence } from '../../http/fence.js'
import { wrongNumber } from '../../http/json.js'
import { toMetadata } from '../../http/metadata.js'
import { invalid, type Problem } from '../../http/problem.js'
import { idempotencyConflict, requestIdentity } from '../../http/request-fingerprint.js'
import { toResults } from '../answer.js'
import { problem, responses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import { isBeyondExact } from '../scores.js'
import type { LeaderboardRoutes } from '../services.js'
import { ScoreResults, SubmitHeaders, SubmitScoresRequest } from './schemas.js'
import { isReplayed, type SubmitOutcome } from './store.js'

export const submitRoute: LeaderboardRoutes = async (app, services) => {
  const { store, metrics, idempotencyTtlMs } = services

  app.post(
    '/:board/scores',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'submitScores',
        summary: 'Submit scores to a board',
        description:
          'Applies the entries in order and answers each with its rank after the whole call. The first submission creates the board. More than about 30 entries are applied in parts, each atomic; an entry that changes nothing is no error. Send an `Idempotency-Key` with `incr`, so that a retry counts once.',
        tags: ['leaderboards'],
        params: BoardParams,
        headers: SubmitHeaders,
        body: SubmitScoresRequest,
        response: responses(
          ScoreResults,
          'season-closed',
          'idempotency-conflict',
          'fence-outdated',
        ),
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const entries = request.body.entries.map((entry, at) => ({
        member: entry.member,
        score: entry.score,
        scores: entry.scores,
        op: entry.op,
        ifSeq: entry.ifSeq,
        metadata: entry.metadata && toExactMetadata(entry.metadata, `body/entries/${at}/metadata`),
      }))
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const fence = toFence(request.headers['if-fence'])
      const asked = { idempotency, fence }
      const outcome = await store.submit(request.namespace, board, entries, asked)
      if (outcome.kind !== 'submitted') {
        metrics.recordRefusal(outcome.kind)
        throw refused(board, outcome, fence)
      }
      for (const { reply: part } of outcome.parts) {
        if (part.kind !== 'submitted') metrics.recordRefusal(part.kind)
        else for (const entry of part.entries) metrics.recordEntry(entry.kind)
      }
      if (outcome.parts.every(isReplayed)) reply.header('idempotent-replayed', 'true')
      return { results: toResults(outcome.parts) }
    },
  )
}

function refused(
  board: string,
  outcome: Exclude<SubmitOutcome, { kind: 'submitted' }>,
  fence: ReturnType<typeof toFence>,
): Problem {
  switch (outcome.kind) {
    case 'refused': {
      const { at, field, message } = outcome.fault
      return invalid(`body/entries/${at}/${field}`, message)
    }
    case 'closed':
      return problem('season-closed', `"${board}" is closed until its next season.`)
    case 'conflict':
      return idempotencyConflict()
    case 'fence-outdated':
      return fenceOutdated(fence, outcome.highest)
  }
}

/** @throws Problem for a number that JSON has rounded, such as a 64-bit id */
function toExactMetadata(metadata: object, pointer: string): string {
  const inexact = wrongNumber(metadata, pointer, isBeyondExact)
  if (inexact)
    throw invalid(inexact, 'is beyond 2^53 and may have lost digits: send it as a string')
  return toMetadata(metadata, pointer)
}
