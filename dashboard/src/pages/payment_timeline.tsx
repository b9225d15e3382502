import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get, type Delivery, type List, type PaymentEvent } from '../api/client'
import { words } from '../format'
import { TextLink } from '../ui/button'
import { Failure, Loading, Section } from '../ui/page'
import { Badge, toneOf, type Tone } from '../ui/status'
import { Time } from '../ui/values'
import { NextAttempt } from './webhooks/next_attempt'

const dots: Record<Tone, string> = { good: 'bg-good', bad: 'bg-bad', warn: 'bg-warn', calm: 'bg-soft' }

/** Events of a payment, newest first, each with the deliveries that tell of it. */
export function Timeline({ paymentId }: { paymentId: string }) {
  const events = useQuery({ queryKey: ['list', 'events', paymentId], queryFn: () => get<List<PaymentEvent>>(`/api/v1/events?payment_id=${paymentId}&limit=100`) })
  const deliveries = useQuery({ queryKey: ['list', 'deliveries', paymentId], queryFn: () => get<List<Delivery>>(`/api/v1/webhooks/logs?payment_id=${paymentId}&limit=100`) })
  return (
    <Section title="Timeline" actions={<TextLink to="/webhooks/logs" search={{ payment_id: paymentId }} className="text-sm">All deliveries</TextLink>}>
      <Failure error={events.error ?? deliveries.error} />
      {events.isPending && <Loading rows={3} />}
      <ol className="grid text-sm" data-test-id="payment-timeline">
        {events.data?.data.map((event) => (
          <li key={event.id} className="relative grid gap-1.5 pb-5 pl-6 before:absolute before:top-3 before:bottom-[-0.4rem] before:left-[4.5px] before:w-px before:bg-line last:pb-0 last:before:hidden">
            <span aria-hidden className={`absolute top-1.5 left-0 size-2.5 rounded-full ring-4 ring-page ${dots[toneOf(event.type.split('.')[1]!)]}`} />
            <span className="flex flex-wrap items-baseline justify-between gap-x-3">
              <Link to={'/events/$id' as never} params={{ id: event.id } as never} className="font-medium underline-offset-2 hover:underline">{words(event.type)}</Link>
              <span className="text-xs text-soft"><Time iso={event.created_at} /></span>
            </span>
            {deliveries.data?.data.filter((delivery) => delivery.event_id === event.id).map((delivery) => (
              <Link key={delivery.id} to={'/webhooks/logs/$id' as never} params={{ id: delivery.id } as never} className="flex w-fit flex-wrap items-center gap-2 text-xs text-soft underline-offset-2 hover:text-ink hover:underline">
                Webhook <Badge status={delivery.status} />
                {delivery.response_code && <span className="font-mono">{delivery.response_code}</span>}
                <span>{delivery.attempt_count === 1 ? '1 attempt' : `${delivery.attempt_count} attempts`}</span>
                {delivery.next_attempt_at && delivery.attempt_count > 0 && <span>next: <NextAttempt of={delivery} /></span>}
              </Link>
            ))}
          </li>
        ))}
      </ol>
    </Section>
  )
}
