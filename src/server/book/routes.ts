import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { answerWith } from '../../http/answer-headers.js'
import { problem } from '../../http/problem.js'

/** What the build made of docs/ (scripts/book.mjs), and the files that its pages load. */
const PAGES = new URL('../../../dist/book/', import.meta.url)
const FILES = new URL('./files/', import.meta.url)

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
}

/** The book: docs/ as pages, with a search, from this host alone. */
export const bookRoutes: FastifyPluginAsync = async (app) => {
  const files = new Map([...filesOf(PAGES), ...filesOf(FILES)])
  answerWith(app, {
    'cache-control': 'no-cache',
    'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
  })
  const options = { config: { scope: 'none' }, schema: { hide: true } } as const
  const send = async (reply: FastifyReply, name: string) => {
    const file = files.get(name) ?? files.get(`${name}.html`)
    if (!file) throw problem('unknown-path', `The book has no page ${name}.`)
    const type = TYPES[file.pathname.split('.').at(-1) as string] as string
    return reply.type(type).send(await readFile(file))
  }
  app.get('/', options, async (_request, reply) => send(reply, 'index'))
  app.get<{ Params: { name: string } }>('/book/:name', options, async (request, reply) =>
    send(reply, request.params.name),
  )
}

/** The files to serve, by name: no other can be asked for. Sources without a build have no pages. */
const filesOf = (folder: URL): [string, URL][] =>
  existsSync(folder) ? readdirSync(folder).map((name) => [name, new URL(name, folder)]) : []
