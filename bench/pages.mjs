// Writes docs/performance.md and its plots from the figures of one run.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const DOCS = path.resolve(import.meta.dirname, '../docs')

/** Writes the figures between the marks of the page, and one plot per row of requests. */
export function writePages({ machine, rows }) {
  const requests = rows.filter(({ record }) => record.shell !== undefined)
  const others = rows.filter(({ record }) => record.shell === undefined)
  const file = path.join(DOCS, 'performance.md')
  const [before, rest] = readFileSync(file, 'utf8').split('<!-- figures -->\n')
  const [, after] = rest.split('<!-- /figures -->')
  const text = [
    `Measured on ${machine.cpus}, ${machine.memoryGiB} GiB, Node ${machine.node}; ${machine.rounds} rounds of ${machine.seconds} s a side.`,
    '![Requests per second by connections](performance.svg)',
    requestTable(requests),
    otherTable(others),
  ].join('\n\n')
  writeFileSync(file, `${before}<!-- figures -->\n\n${text}\n\n<!-- /figures -->${after}`)
  writeFileSync(path.join(DOCS, 'performance.svg'), plot(requests))
}

const table = (head, lines) =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const short = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
const range = (spread) => (spread ? `${spread.map(short).join(' to ')}` : '')
const bound = ({ target, atMost, met }) =>
  target === undefined ? '' : `${atMost ? '<=' : '>='} ${target}${met ? '' : ' (missed)'}`

const requestTable = (figures) =>
  table(
    ['request: figure', 'service', 'shell', 'ratio', 'spread', 'target'],
    figures.map((figure) => [
      figure.name,
      short(figure.record.service),
      short(figure.record.shell),
      figure.ratio.toFixed(2),
      range(figure.spread),
      bound(figure),
    ]),
  )

const otherTable = (figures) =>
  table(
    ['figure', 'value', 'spread', 'target'],
    figures.map((figure) => [
      figure.name,
      short(figure.ratio),
      range(figure.spread),
      bound(figure),
    ]),
  )

const PANEL = { width: 250, height: 150, left: 46, top: 34, columns: 3 }
const SIDES = [
  { side: 'service', colour: '#2563eb' },
  { side: 'shell', colour: '#9ca3af' },
]

/** One panel per kind of request: thousands per second by connections, for service and shell. */
function plot(figures) {
  const panels = new Map()
  for (const { name, record } of figures) {
    const [, title, connections] = /^(.*): requests\/s at (\d+)$/.exec(name) ?? []
    if (title) panels.set(title, [...(panels.get(title) ?? []), { connections, record }])
  }
  const lines = Math.ceil(panels.size / PANEL.columns)
  const [width, height] = [PANEL.columns * PANEL.width, lines * PANEL.height + 20]
  const drawn = [...panels].map(([title, points], at) => panel(title, points, at)).join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="system-ui" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${drawn}
${legend(height)}
</svg>
`
}

function panel(title, points, at) {
  const x0 = (at % PANEL.columns) * PANEL.width + PANEL.left
  const y0 = Math.floor(at / PANEL.columns) * PANEL.height + PANEL.top
  const [w, h] = [PANEL.width - PANEL.left - 14, PANEL.height - PANEL.top - 30]
  const top = Math.max(...points.flatMap(({ record }) => [record.service, record.shell]))
  const x = (i) => x0 + (points.length === 1 ? w / 2 : (w * i) / (points.length - 1))
  const y = (value) => y0 + h - (h * value) / top
  const line = ({ side, colour }) => {
    const way = points.map(({ record }, i) => `${x(i).toFixed(1)},${y(record[side]).toFixed(1)}`)
    const dots = way.map((point) => {
      const [cx, cy] = point.split(',')
      return `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${colour}"/>`
    })
    return `<polyline points="${way.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`
  }
  const labels = points.map(
    ({ connections }, i) =>
      `<text x="${x(i).toFixed(1)}" y="${y0 + h + 14}" text-anchor="middle">${connections}</text>`,
  )
  return `<text x="${x0 - 30}" y="${y0 - 12}" font-weight="600">${title}</text>
<path d="M${x0},${y0} V${y0 + h} H${x0 + w}" fill="none" stroke="#d1d5db"/>
<text x="${x0 - 6}" y="${y0 + 4}" text-anchor="end">${Math.round(top / 1_000)}k</text>
<text x="${x0 - 6}" y="${y0 + h + 4}" text-anchor="end">0</text>
${labels.join('')}
${SIDES.map(line).join('\n')}`
}

const legend = (height) =>
  SIDES.map(
    ({ side, colour }, i) =>
      `<circle cx="${12 + i * 80}" cy="${height - 10}" r="4" fill="${colour}"/><text x="${20 + i * 80}" y="${height - 6}">${side}</text>`,
  ).join('')
