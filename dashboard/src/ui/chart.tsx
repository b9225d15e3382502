import { useEffect, useId, useRef, useState } from 'react'
import { ticks, type Point } from '../figures'

interface Props {
  label: string
  points: Point[]
  unit: 'hour' | 'day'
  kind: 'bars' | 'line'
  /** A value in words; `short` for the axis. */
  say: (value: number, short?: boolean) => string
  /** The top of the axis, when it is not the greatest value. */
  top?: number
}

const height = 220
const edge = { top: 10, bottom: 24, left: 4 }

/** A value for each hour or day. Arrow keys walk along it; the same stands in a table for who cannot see it. */
export function Chart({ label, points, unit, kind, say, top }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [at, setAt] = useState<number>()
  const id = useId()
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width))
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  const lines = top ? [0, top / 2, top] : ticks(Math.max(0, ...points.map(({ value }) => value ?? 0)))
  const most = lines.at(-1) || 1
  const gutter = 8 + 6.4 * Math.max(...lines.map((line) => say(line, true).length))
  const plot = Math.max(0, width - edge.left - gutter)
  const each = plot / points.length
  const x = (n: number) => edge.left + each * (n + 0.5)
  const y = (value: number) => edge.top + (height - edge.top - edge.bottom) * (1 - value / most)
  const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
  const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
  const long = new Intl.DateTimeFormat(undefined, unit === 'day' ? { weekday: 'short', day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
  const marks = Math.max(1, Math.min(points.length, Math.floor(plot / 84)))
  const every = Math.ceil(points.length / marks)
  const shown = at === undefined ? undefined : points[at]
  const known = points.flatMap(({ value }, n) => (value === null ? [] : [{ n, value }]))
  const path = known.map(({ n, value }, i) => `${i ? 'L' : 'M'}${x(n).toFixed(1)} ${y(value).toFixed(1)}`).join('')
  return (
    <figure>
      <div
        ref={box} tabIndex={0} role="group" aria-label={`${label}. Arrow keys tell the values one by one.`} aria-describedby={id} className="relative rounded-md"
        onMouseMove={(event) => { const n = Math.floor((event.nativeEvent.clientX - event.currentTarget.getBoundingClientRect().left - edge.left) / each); setAt(n >= 0 && n < points.length ? n : undefined) }}
        onMouseLeave={() => setAt(undefined)} onBlur={() => setAt(undefined)}
        onKeyDown={(event) => {
          const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
          if (!by) return
          event.preventDefault()
          setAt(Math.min(points.length - 1, Math.max(0, at === undefined ? (by === 1 ? 0 : points.length - 1) : at + by)))
        }}
      >
        <svg aria-hidden width={width} height={height} className="block overflow-visible text-[11px]">
          {lines.map((line) => (
            <g key={line}>
              <line x1={edge.left} x2={edge.left + plot} y1={y(line)} y2={y(line)} className="stroke-line" strokeWidth={1} />
              <text x={width - gutter + 8} y={y(line)} dominantBaseline="middle" className="fill-soft">{say(line, true)}</text>
            </g>
          ))}
          {at !== undefined && <rect x={edge.left + each * at} y={edge.top} width={each} height={height - edge.top - edge.bottom} className="fill-hover" />}
          {kind === 'bars' ? points.map(({ value }, n) => {
            if (!value) return null
            const thick = Math.min(40, each * 0.72)
            const tall = Math.max(2, y(0) - y(value))
            return <path key={n} d={`M${x(n) - thick / 2} ${y(0)}v${-(tall - Math.min(3, tall))}q0 ${-Math.min(3, tall)} 3 ${-Math.min(3, tall)}h${Math.max(0, thick - 6)}q3 0 3 ${Math.min(3, tall)}v${tall - Math.min(3, tall)}z`} className="fill-accent" opacity={at === undefined || at === n ? 1 : 0.55} />
          }) : (
            <>
              <path d={path} fill="none" className="stroke-accent" strokeWidth={2} strokeLinejoin="round" strokeLinecap="round" />
              {known.map(({ n, value }) => (known.length < 40 || n === at) && <circle key={n} cx={x(n)} cy={y(value)} r={n === at ? 4 : 2.5} className="fill-accent" />)}
            </>
          )}
          {points.map(({ start }, n) => n % every === 0 && (
            <text key={n} x={Math.max(x(n), 20)} y={height - 6} textAnchor="middle" className="fill-soft">{unit === 'day' || (start.getHours() === 0) ? day.format(start) : hour.format(start)}</text>
          ))}
        </svg>
        {shown && width > 0 && (
          <div className="pointer-events-none absolute top-1 z-10 grid rounded-md bg-ink px-2.5 py-1.5 text-xs whitespace-nowrap text-page shadow-raised" style={x(at!) > width / 2 ? { right: width - x(at!) + each / 2 + 6 } : { left: x(at!) + each / 2 + 6 }}>
            <span className="opacity-80">{long.format(shown.start)}</span>
            <span className="text-sm font-semibold">{shown.value === null ? 'Nothing finished' : say(shown.value)}</span>
          </div>
        )}
      </div>
      <p id={id} className="sr-only" aria-live="polite">{shown && `${long.format(shown.start)}: ${shown.value === null ? 'nothing finished' : say(shown.value)}`}</p>
      <table className="sr-only">
        <caption>{label}</caption>
        <tbody>{points.filter(({ value }) => value).map(({ start, value }) => <tr key={start.toISOString()}><th scope="row">{long.format(start)}</th><td>{say(value!)}</td></tr>)}</tbody>
      </table>
    </figure>
  )
}
