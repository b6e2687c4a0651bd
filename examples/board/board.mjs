// A game submits the scores of one player, then shows the best three and where the player stands.
// usage: node board.mjs BOARD PLAYER SCORE...        (Node 20, nothing to install)
const [name, player, ...scores] = process.argv.slice(2)
const service = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const board = `${service}/v1/leaderboards/${encodeURIComponent(name)}`

async function call(url, options = {}) {
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(5_000) })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail)
  return answer
}

const line = ({ rank, member, score }) => `${rank} ${member} ${score}`

// Only the best score counts, so a score that is sent twice does no harm.
const entries = scores.map((score) => ({ member: player, score: Number(score) }))
await call(`${board}/scores`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ entries }),
})

const top = await call(`${board}/entries?limit=3`)
for (const entry of top.items) console.log(line(entry))
console.log('you:', line(await call(`${board}/entries/${encodeURIComponent(player)}`)))
