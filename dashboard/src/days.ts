/** A day as a date field has it, yyyy-mm-dd in the viewer's zone, so many days later; '' when there is none. */
export function dayOf(iso: string | undefined, later = 0): string {
  if (!iso) return ''
  const at = new Date(iso)
  const day = new Date(at.getFullYear(), at.getMonth(), at.getDate() + later)
  return `${String(day.getFullYear()).padStart(4, '0')}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
}

/** When such a day begins, so many days later. Half-typed years of a date field are no days yet. */
export function startOfDay(text: string, later = 0): string | undefined {
  const [year, month, date] = text.split('-').map(Number)
  if (!year || !month || !date || year < 2000) return undefined
  return new Date(year, month - 1, date + later).toISOString()
}
