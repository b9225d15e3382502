import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const dark = window.matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

export const theme = (): Theme => (localStorage.getItem('theme') as Theme | null) ?? 'system'

export function setTheme(chosen: Theme) {
  if (chosen === 'system') localStorage.removeItem('theme')
  else localStorage.setItem('theme', chosen)
  apply()
}

export function apply() {
  const chosen = theme()
  document.documentElement.dataset.theme = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen
  for (const listener of listeners) listener()
}

export const useTheme = () => useSyncExternalStore((listener) => { listeners.add(listener); return () => listeners.delete(listener) }, theme)

dark.addEventListener('change', apply)
