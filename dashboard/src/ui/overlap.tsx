import { Field, Select } from './form'

/** For how many hours what is replaced goes on working. */
export function Overlap({ label, hint, value, change }: { label: string; hint: string; value: number; change: (hours: number) => void }) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <Select id={id} value={value} onChange={(event) => change(Number(event.target.value))}>
          <option value={0}>no time: it ends now</option><option value={1}>1 hour</option><option value={24}>24 hours</option><option value={168}>7 days</option>
        </Select>
      )}
    </Field>
  )
}
