// The resource that the locks protect, in its own process. Each lock has a counter without checks,
// and one that refuses a fence below the highest it has seen.
import { createServer } from 'node:http'

const registers = new Map()

function registerOf(lock) {
  let register = registers.get(lock)
  if (!register) {
    register = { plain: 0, plainWrites: 0, fenced: 0, fencedWrites: 0, highest: 0, refused: 0 }
    registers.set(lock, register)
  }
  return register
}

/** Reads count too: a late holder must not overwrite a value that a newer holder has read. */
function admits(register, fence) {
  if (fence < register.highest) {
    register.refused++
    return false
  }
  register.highest = fence
  return true
}

const operations = {
  '/read': (register, { fence }) => ({
    plain: register.plain,
    fenced: admits(register, fence) ? register.fenced : null,
  }),
  '/write': (register, { fence, plain, fenced }) => {
    register.plain = plain
    register.plainWrites++
    if (fenced === null || !admits(register, fence)) return { accepted: false }
    register.fenced = fenced
    register.fencedWrites++
    return { accepted: true }
  },
}

const server = createServer(async (request, response) => {
  if (request.url === '/registers') return response.end(JSON.stringify([...registers.values()]))
  let text = ''
  for await (const chunk of request) text += chunk
  const body = JSON.parse(text)
  response.end(JSON.stringify(operations[request.url](registerOf(body.lock), body)))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
