import { QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { get, Problem, type Me } from './api/client'

export const me = queryOptions({ queryKey: ['me'], queryFn: () => get<Me>('/session'), staleTime: 60_000 })

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
})

// A session that has ended sends the page to the sign-in, wherever it was noticed.
client.getQueryCache().subscribe((event) => {
  if (event.type === 'updated' && event.query.state.error instanceof Problem && event.query.state.error.status === 401 && event.query.queryKey[0] !== 'me') {
    void client.resetQueries({ queryKey: ['me'] })
  }
})

export function useMe(): Me {
  const { data } = useQuery(me)
  if (!data) throw new Error('used outside of a signed-in page')
  return data
}

/** Whether whoever is signed in may change anything. */
export const useMayChange = () => useMe().role !== 'viewer'
