import { useEffect, useState } from 'react'
import { at } from './api/client'
import { client } from './session'

/** At most so often is what is shown asked for anew, in milliseconds, however much happens. */
const pace = 2_000

/** Keeps what is shown up to date while somebody looks, until it is paused; the pause lasts for the tab's life. */
export function useLive(): { live: boolean; connected: boolean; toggle: () => void } {
  const [live, setLive] = useState(() => sessionStorage.getItem('paused') === null)
  const [connected, setConnected] = useState(false)
  useEffect(() => {
    if (!live) return
    let waiting: ReturnType<typeof setTimeout> | undefined
    let last = 0
    const refresh = () => {
      waiting = undefined
      last = Date.now()
      void client.invalidateQueries({ predicate: (query) => query.meta?.live !== false })
    }
    const source = new EventSource(at('/data/stream'))
    source.addEventListener('hello', () => setConnected(true))
    source.addEventListener('change', () => { waiting ??= setTimeout(refresh, Math.max(0, last + pace - Date.now())) })
    source.onerror = () => setConnected(false)
    return () => {
      source.close()
      clearTimeout(waiting)
      setConnected(false)
    }
  }, [live])
  const toggle = () => {
    if (live) sessionStorage.setItem('paused', '1')
    else {
      sessionStorage.removeItem('paused')
      void client.invalidateQueries({ predicate: (query) => query.meta?.live !== false })
    }
    setLive(!live)
  }
  return { live, connected, toggle }
}
