import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyPluginAsync } from 'fastify'

const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

/** Its references are relative, for a proxy that adds a prefix. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Lockstep</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
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
