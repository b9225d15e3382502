import { useEffect, useState } from 'react'
import { at } from './api/client'
import { client } from './session'

/** Keeps what is shown up to date while somebody looks, until it is paused. */
export function useLive(): { live: boolean; connected: boolean; toggle: () => void } {
  const [live, setLive] = useState(true)
  const [connected, setConnected] = useState(false)
  useEffect(() => {
    if (!live) return
    const source = new EventSource(at('/data/stream'))
    source.addEventListener('hello', () => setConnected(true))
    source.addEventListener('change', () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'me' }))
    source.onerror = () => setConnected(false)
    return () => {
      source.close()
      setConnected(false)
    }
  }, [live])
  return { live, connected, toggle: () => setLive((on) => !on) }
}
