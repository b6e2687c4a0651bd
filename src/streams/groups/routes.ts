import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { positionLost } from '../entries/answer.js'
import { toPlace } from '../entries/request.js'
import { StreamParams } from '../fields.js'
import { groupNotFound, problemResponses, responses, tooManyGroups } from '../problems.js'
import { streamOf } from '../request.js'
import type { StreamRoutes } from '../services.js'
import * as schemas from './schemas.js'

export const groupRoutes: StreamRoutes = async (app, { configuration, groups }) => {
  app.put(
    '/:stream/groups/:group',
    {
      config: { scope: 'streams:write' },
      schema: {
        operationId: 'putStreamGroup',
        summary: 'Make a group of consumers, or change its settings',
        description:
          'A new group gets the entries after `start`. A group that exists stays where it is: `seek` moves it. A stream exists by its first group, too.',
        tags: ['streams'],
        params: schemas.GroupParams,
        body: schemas.GroupRequest,
        response: {
          ...responses(schemas.StreamGroup, 'too-many-groups', 'position-lost'),
          201: schemas.StreamGroup,
        },
      },
    },
    async (request, reply) => {
      const { group } = request.params
      const start = toPlace('body/start', request.body.start)
      const stream = await streamOf(request, configuration.settingsOf)
      const outcome = await groups.put(stream, group, Object.assign(request.body, { start }))
      if (outcome.kind === 'too-many') throw tooManyGroups(stream.name)
      if (outcome.kind === 'lost') throw positionLost(start, outcome)
      if (outcome.kind !== 'unchanged') {
        logChange(request, 'stream.put-group', { stream: stream.name, group })
      }
      reply.code(outcome.kind === 'created' ? 201 : 200)
      return outcome.group
    },
  )

  app.get(
    '/:stream/groups',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'listStreamGroups',
        summary: 'List the groups of a stream',
        description: 'All groups of the stream, by name. A stream that does not exist has none.',
        tags: ['streams'],
        params: StreamParams,
        response: responses(schemas.StreamGroupList),
      },
    },
    async (request) => ({
      items: await groups.list(await streamOf(request, configuration.settingsOf)),
    }),
  )

  app.get(
    '/:stream/groups/:group',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'getStreamGroup',
        summary: 'Show a group of a stream',
        description:
          'The settings of the group, its place, and its counts. Reading changes nothing.',
        tags: ['streams'],
        params: schemas.GroupParams,
        response: responses(schemas.StreamGroup, 'group-not-found'),
      },
    },
    async (request) => {
      const stream = await streamOf(request, configuration.settingsOf)
      const group = await groups.get(stream, request.params.group)
      if (!group) throw groupNotFound({ stream, group: request.params.group })
      return group
    },
  )

  app.post(
    '/:stream/groups/:group/seek',
    {
      config: { scope: 'streams:write', repeat: 'applies-again' },
      schema: {
        operationId: 'seekStreamGroup',
        summary: 'Move a group to another place of the stream',
        description:
          'The group goes on after the place: entries are delivered to it again, or passed over. Its deliveries end, and their receipts are stale from then on. Counts and the dead list stay. A repeat moves the group again.',
        tags: ['streams'],
        params: schemas.GroupParams,
        body: schemas.SeekRequest,
        response: responses(schemas.StreamGroup, 'group-not-found', 'position-lost'),
      },
    },
    async (request) => {
      const { group } = request.params
      const to = toPlace('body/to', request.body.to)
      const stream = await streamOf(request, configuration.settingsOf)
      const outcome = await groups.seek(stream, group, to)
      if (outcome.kind === 'unknown') throw groupNotFound({ stream, group })
      if (outcome.kind === 'lost') throw positionLost(to, outcome)
      logChange(request, 'stream.seek-group', { stream: stream.name, group, to })
      return outcome.group
    },
  )

  app.delete(
    '/:stream/groups/:group',
    {
      config: { scope: 'streams:write' },
      schema: {
        operationId: 'deleteStreamGroup',
        summary: 'Delete a group of a stream',
        description:
          'Removes the group with its deliveries and its dead list; the entries stay. It succeeds as well where there is no such group.',
        tags: ['streams'],
        params: schemas.GroupParams,
        response: {
          204: { description: 'There is no such group now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { group } = request.params
      const stream = await streamOf(request, configuration.settingsOf)
      if (await groups.remove(stream, group)) {
        logChange(request, 'stream.remove-group', { stream: stream.name, group })
      }
      return reply.code(204).send(null)
    },
  )
}
