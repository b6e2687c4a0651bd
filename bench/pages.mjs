// Writes performance.md of a folder, and its plots, from the figures of one run.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Writes the figures between the marks of the page, and two plots. */
export function writePages(folder, { machine, rows }) {
  const file = path.join(folder, 'performance.md')
  const [before, rest] = readFileSync(file, 'utf8').split('<!-- figures -->\n')
  const [, after] = rest.split('<!-- /figures -->')
  const requests = new Map()
  for (const row of rows.filter(({ request }) => request !== undefined)) {
    requests.set(row.request, [...(requests.get(row.request) ?? []), row])
  }
  const others = rows.filter(({ request }) => request === undefined)
  const { cpus, memoryGiB, node, redis, connections, rounds, seconds } = machine
  const text = [
    `Measured on ${cpus}, ${memoryGiB} GiB, Node ${node}, ${redis}; each side ${rounds} times for ${seconds} s at each number of connections. Medians; in brackets the range of the ratio. A target in bold is missed.`,
    '### CPU per request',
    'Microseconds at 64 connections: service / rival = ratio. Redis: its main thread.',
    costTable(requests),
    '### Requests per second',
    'Thousands: service / rival = ratio.',
    table(
      ['request', ...connections.map((count) => `${count} connections`)],
      cellsOf(requests, connections, 'requests/s at', toThroughput),
    ),
    '![Requests per second by connections](performance.svg)',
    '### Latency',
    'Milliseconds, p50 and p99: service / rival.',
    table(
      ['request', ...connections.map((count) => `${count} connections`)],
      [...requests].map(([name, figures]) => [
        name,
        ...connections.map((count) => toLatency(figures, count)),
      ]),
    ),
    '![p99 in milliseconds by connections](performance-p99.svg)',
    '### Memory, growth, start',
    table(
      ['figure', 'value', 'range', 'target'],
      others.map((figure) => [
        figure.name,
        short(figure.ratio),
        figure.spread ? range(figure.spread) : '',
        bound(figure),
      ]),
    ),
  ].join('\n\n')
  writeFileSync(file, `${before}<!-- figures -->\n\n${text}\n\n<!-- /figures -->${after}`)
  const draw = (what, unit) => plot([...requests], connections, what, unit)
  writeFileSync(path.join(folder, 'performance.svg'), draw('requests/s at', 1_000))
  writeFileSync(path.join(folder, 'performance-p99.svg'), draw('p99 ms at', 1))
}

const table = (head, lines) =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const short = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
const range = ([least, most]) => `${short(least)} to ${short(most)}`

function bound({ target, atMost, met }) {
  if (target === undefined) return ''
  const text = `${atMost ? '<=' : '>='} ${target}`
  return met ? text : `**${text}**`
}

const find = (figures, what) => figures.find((figure) => figure.what === what)

const costTable = (requests) =>
  table(
    ['request', 'CPU', 'target', 'CPU of Redis', 'target'],
    [...requests].map(([name, figures]) => [
      name,
      ...['CPU us', 'Redis us'].flatMap((what) => {
        const figure = find(figures, what)
        return figure ? [toRatio(figure, 1), bound(figure)] : ['', '']
      }),
    ]),
  )

const cellsOf = (requests, connections, what, toCell) =>
  [...requests].map(([name, figures]) => [
    name,
    ...connections.map((count) => toCell(find(figures, `${what} ${count}`))),
  ])

const toRatio = ({ record: { service, rival }, ratio, spread }, unit) =>
  `${short(service / unit)} / ${short(rival / unit)} = ${ratio.toFixed(2)} (${spread.map((one) => one.toFixed(2)).join(' to ')})`

const toThroughput = (figure) => [toRatio(figure, 1_000), bound(figure)].filter(Boolean).join('; ')

function toLatency(figures, count) {
  const [p50, p99] = ['p50', 'p99'].map((what) => find(figures, `${what} ms at ${count}`).record)
  return `${short(p50.service)}, ${short(p99.service)} / ${short(p50.rival)}, ${short(p99.rival)}`
}

const PANEL = { width: 250, height: 150, left: 46, top: 34, columns: 3 }
const SIDES = [
  { side: 'service', colour: '#2563eb' },
  { side: 'rival', colour: '#9ca3af' },
]

/** One panel per request: a figure by connections, for service and rival. */
function plot(requests, connections, what, unit) {
  const height = Math.ceil(requests.length / PANEL.columns) * PANEL.height + 20
  const width = PANEL.columns * PANEL.width
  const panels = requests.map(([name, figures], at) => {
    const points = connections.map((count) => find(figures, `${what} ${count}`).record)
    return panel(name, connections, points, unit, at)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="system-ui" font-size="11">
<title>${what} each number of connections</title>
<rect width="100%" height="100%" fill="white"/>
${panels.join('\n')}
${legend(height)}
</svg>
`
}

function panel(title, connections, points, unit, at) {
  const x0 = (at % PANEL.columns) * PANEL.width + PANEL.left
  const y0 = Math.floor(at / PANEL.columns) * PANEL.height + PANEL.top
  const [w, h] = [PANEL.width - PANEL.left - 14, PANEL.height - PANEL.top - 30]
  const top = Math.max(...points.flatMap(({ service, rival }) => [service, rival]))
  const x = (i) => (x0 + (points.length === 1 ? w / 2 : (w * i) / (points.length - 1))).toFixed(1)
  const y = (value) => (y0 + h - (h * value) / top).toFixed(1)
  const line = ({ side, colour }) => {
    const places = points.map((point, i) => [x(i), y(point[side])])
    const dots = places.map(
      ([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${colour}"/>`,
    )
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`
  }
  const labels = connections.map(
    (count, i) => `<text x="${x(i)}" y="${y0 + h + 14}" text-anchor="middle">${count}</text>`,
  )
  return `<text x="${x0 - 30}" y="${y0 - 12}" font-weight="600">${title}</text>
<path d="M${x0},${y0} V${y0 + h} H${x0 + w}" fill="none" stroke="#d1d5db"/>
<text x="${x0 - 6}" y="${y0 + 4}" text-anchor="end">${short(top / unit)}${unit === 1_000 ? 'k' : ''}</text>
<text x="${x0 - 6}" y="${y0 + h + 4}" text-anchor="end">0</text>
${labels.join('')}
${SIDES.map(line).join('\n')}`
}

const legend = (height) =>
  SIDES.map(
    ({ side, colour }, i) =>
      `<circle cx="${12 + i * 80}" cy="${height - 10}" r="4" fill="${colour}"/><text x="${20 + i * 80}" y="${height - 6}">${side}</text>`,
  ).join('')
