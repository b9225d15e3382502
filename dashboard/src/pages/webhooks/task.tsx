import { useQuery } from '@tanstack/react-query'
import { get, type Task } from '../../api/client'
import { count } from '../../format'
import { Failure, Notice } from '../../ui/page'

/** How far a resending of many deliveries is. */
export function TaskProgress({ task }: { task: Task }) {
  const now = useQuery({
    queryKey: ['task', task.id],
    queryFn: () => get<Task>(`/api/v1/webhooks/tasks/${task.id}`),
    initialData: task,
    refetchInterval: ({ state }) => (state.data?.status === 'done' ? false : 1_000),
  })
  const { status, total, enqueued } = now.data
  const sent = `${count(enqueued)} ${enqueued === 1 ? 'delivery' : 'deliveries'}`
  return (
    <>
      <Failure error={now.error} />
      <Notice role="status" tone={status === 'done' ? 'good' : 'calm'} data-test-id="task-progress">
        {status !== 'done' ? `${sent}${total === null ? '' : ` of ${count(total)}`} on the way so far…` : enqueued === 0 ? 'There was nothing to send.' : `${sent} on the way.`}
      </Notice>
    </>
  )
}
