// A game submits the scores of one player, then shows the best three and where the player stands.
// usage: board.ts BOARD PLAYER SCORE...        (Node only; 22.18 and later run it as it is)
import { argv, env } from 'node:process'

interface Entry {
  member: string
  rank: number
  score: number
}

const [name = '', player = '', ...scores] = argv.slice(2)
const service = env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const board = `${service}/v1/leaderboards/${encodeURIComponent(name)}`

async function call<T>(url: string, options: RequestInit = {}): Promise<T> {
  const response = await fetch(url, options)
  const answer = await response.json()
  if (!response.ok) throw new Error((answer as { detail: string }).detail)
  return answer as T
}

const line = ({ rank, member, score }: Entry) => `${rank} ${member} ${score}`

// Only the best score counts, so a score that is sent twice does no harm.
const entries = scores.map((score) => ({ member: player, score: Number(score) }))
await call(`${board}/scores`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ entries }),
})

const top = await call<{ items: Entry[] }>(`${board}/entries?limit=3`)
for (const entry of top.items) console.log(line(entry))
console.log('you:', line(await call<Entry>(`${board}/entries/${encodeURIComponent(player)}`)))
