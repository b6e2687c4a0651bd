import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyPluginAsync } from 'fastify'

const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** Its references are relative, for a proxy that adds a prefix. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>API reference - Lockstep</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="book/favicon.svg">
<style>
header { display: flex; gap: 1.5rem; align-items: baseline; padding: 0.9rem 1.5rem; font: 15px system-ui, sans-serif; border-bottom: 1px solid #d8dde3 }
header a { color: #0a58a8; text-decoration: none }
header a:first-child { font-size: 1.3rem; font-weight: 700 }
</style>
</head>
<body>
<header>
<a href="./">Lockstep</a>
<span>API reference</span>
<a href="book/start">Start</a>
<a href="book/concepts">Concepts</a>
<a href="book/recipes">Recipes</a>
<a href="book/errors">Errors</a>
<a href="openapi.yaml">openapi.yaml</a>
</header>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true })</script>
</body>
</html>
`

const { resolve } = createRequire(import.meta.url)

/**
 * Swagger UI over /openapi.json. The files come from the package of the plugin, which itself takes a
 * sixth of the start of an instance.
 */
export const docsPage: FastifyPluginAsync = async (app) => {
  const options = { config: { scope: 'none' }, schema: { hide: true } } as const
  app.get('/docs', options, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(PAGE),
  )
  app.get('/docs/', options, async (_request, reply) => reply.redirect('../docs'))
  for (const [file, type] of Object.entries(FILES)) {
    app.get(`/docs/${file}`, options, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', 'public, max-age=3600')
        .send(await readFile(resolve(`@fastify/swagger-ui/static/${file}`))),
    )
  }
}
