export type Theme = 'system' | 'light' | 'dark'

const dark = window.matchMedia('(prefers-color-scheme: dark)')

export const theme = (): Theme => (localStorage.getItem('theme') as Theme | null) ?? 'system'

export function setTheme(chosen: Theme) {
  if (chosen === 'system') localStorage.removeItem('theme')
  else localStorage.setItem('theme', chosen)
  apply()
}

export function apply() {
  const chosen = theme()
  document.documentElement.dataset.theme = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen
}

dark.addEventListener('change', apply)
