import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'

// 16 px on phones, where a smaller field would make the browser zoom in.
const control = 'min-h-9 sm:min-h-8 rounded-md border border-edge bg-card px-2.5 text-[1rem] text-ink shadow-card placeholder:text-soft aria-invalid:border-bad disabled:bg-sunk disabled:text-soft sm:text-sm'

export function Field({ label, hint, children }: { label: string; hint?: ReactNode; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      {children(id)}
      {hint && <p className="text-xs text-soft">{hint}</p>}
    </div>
  )
}

export const Input = ({ className = 'w-full', ...rest }: InputHTMLAttributes<HTMLInputElement>) => <input {...rest} className={`${control} ${className}`} />
export const Select = ({ className = 'w-full', ...rest }: SelectHTMLAttributes<HTMLSelectElement>) => <select {...rest} className={`${control} pr-7 ${className}`} />
export const TextArea = ({ className = '', ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) => (
  <textarea {...rest} className={`${control} w-full py-1.5 font-mono sm:text-xs ${className}`} />
)

export function Check({ label, checked, change, disabled }: { label: ReactNode; checked: boolean; change: (checked: boolean) => void; disabled?: boolean }) {
  return (
    <label className="flex items-center gap-2 text-sm">
      <input type="checkbox" className="size-4 accent-accent" checked={checked} disabled={disabled} onChange={(event) => change(event.target.checked)} />
      {label}
    </label>
  )
}
