import type { FastifyPluginAsync } from 'fastify'
import Type from 'typebox'
import { problem } from './problem.js'
import type { ProblemSpec } from './problems/spec.js'

const RETRY: Readonly<Record<ProblemSpec['retry'], string>> = {
  no: 'A repeat of the same request gives the same answer.',
  later: 'A repeat is safe: nothing was applied.',
  'same-key': 'A repeat is safe only with the same Idempotency-Key.',
}

/** The page behind the `type` of every problem. */
export const errorPages: FastifyPluginAsync<{
  readonly problems: ReadonlyMap<string, ProblemSpec>
}> = async (app, { problems }) => {
  app.get(
    '/errors',
    { config: { scope: 'none' }, schema: { hide: true } },
    async (_request, reply) => reply.redirect('/book/errors'),
  )
  app.get<{ Params: { code: string } }>(
    '/errors/:code',
    {
      config: { scope: 'none' },
      schema: { hide: true, params: Type.Object({ code: Type.String() }) },
    },
    async (request, reply) => {
      const { code } = request.params
      const spec = problems.get(code)
      if (!spec) throw problem('unknown-path', `There is no error named ${code}.`)
      return reply.type('text/html; charset=utf-8').send(page(code, spec))
    },
  )
}

/** Text of the registry, in which code is between backticks. */
const toHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')

const page = (
  code: string,
  { status, title, cause, remedy, retry }: ProblemSpec,
) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${code} - Lockstep</title>
<link rel="icon" href="/book/favicon.svg">
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui;max-width:40em;margin:3em auto;padding:0 1em}</style>
<p><a href="/">Lockstep</a> / <a href="/book/errors">Errors</a></p>
<h1>${code}</h1>
<p><strong>${status}</strong> ${toHtml(title)}.</p>
<h2>Cause</h2><p>${toHtml(cause)}</p>
<h2>What to do</h2><p>${toHtml(remedy)}</p>
<h2>Retry</h2><p>${RETRY[retry]}</p>
<p><a href="/docs">API reference</a></p>
</html>
`
